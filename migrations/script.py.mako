"""${message}

Running servers still use the old shape while this runs: expand first, contract in a later release. Locks are
given up after four seconds and statements after a minute (env.py), so nothing here may wait longer on busy tables:
build indexes concurrently, add NOT NULL by a checked constraint, move data by a worker task in chunks.

Revision: ${up_revision}
After: ${down_revision | comma,n}
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
