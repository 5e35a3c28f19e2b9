// What was asked for and does not come is said above the page, until something comes again; a part that comes later
// keeps its link.
const unreached = document.getElementById("unreached");
for (const trouble of ["htmx:responseError", "htmx:sendError", "htmx:timeout"])
  document.addEventListener(trouble, ({ target }) => {
    unreached?.removeAttribute("hidden");
    target.closest?.(".later")?.classList.add("absent");
  });
document.addEventListener("htmx:afterRequest", ({ detail }) => detail.successful && unreached?.setAttribute("hidden", ""));
