// What renews itself changes only where it differs: who stands in it stays there, what they opened stays open, and who
// listens to the page hears what is new and no more.
const HERE = /^(class|open|style|data-.*)$/, COUNTED = new Set(["PROGRESS", "METER"]);
// What an element may differ in and be the same: what a browser, its extensions and scripts write on it, and its figures.
const free = (node, name) => HERE.test(name) || (COUNTED.has(node.nodeName) && (name === "value" || name === "max"));
const marks = (node) => node.getAttributeNames().filter((name) => !free(node, name)).map((name) => `${name}=${node.getAttribute(name)}`).sort().join("\n");
const alike = (old, young) => old.nodeName === young.nodeName && (old.nodeType !== Node.ELEMENT_NODE || marks(old) === marks(young));
const known = (node) => (node.nodeType === Node.ELEMENT_NODE ? [node, ...node.querySelectorAll("[id], [href]")] : []).map((each) => each.id || each.getAttribute("href") || "").join(" ").trim();

// Which of the old nodes are surely young ones, by what is called or linked in them, in their order.
function anchors(olds, youngs) {
  const places = Map.groupBy(olds.keys(), (at) => known(olds[at]));
  let from = 0;
  return youngs.map((young) => {
    const name = known(young);
    const place = name ? places.get(name)?.find((at) => at >= from && alike(olds[at], young)) : undefined;
    if (place !== undefined) from = place + 1;
    return olds[place];
  });
}

function renew(old, young, fresh = []) {
  const olds = [...old.childNodes], youngs = [...young.childNodes], sure = anchors(olds, youngs), kept = new Set(sure);
  youngs.forEach((each, place) => {
    while (sure[place] && olds[0] !== sure[place]) olds.shift().remove();
    if (olds.length && (sure[place] || !kept.has(olds[0])) && alike(olds[0], each)) return change(olds.shift(), each, fresh);
    old.insertBefore(each, olds[0] ?? null);
    fresh.push(each);
  });
  olds.forEach((each) => each.remove());
  return fresh;
}

function change(old, young, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== young.data) old.data = young.data;
    return;
  }
  for (const name of ["class", "data-name", "value", "max"].filter((name) => free(old, name) && old.getAttribute(name) !== young.getAttribute(name)))
    young.hasAttribute(name) ? old.setAttribute(name, young.getAttribute(name)) : old.removeAttribute(name);
  renew(old, young, fresh);
}

htmx.defineExtension("renew", {
  handleSwap: (style, target, fragment) => {
    if (style !== "renew") return false;
    const [only] = fragment.children;
    return renew(target, only?.id && only.id === target.id ? only : fragment);
  },
});
