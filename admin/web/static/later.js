// What was asked for and does not come is said above the page, until something that is asked for comes; a part that
// comes later keeps its link, and says nothing of its neighbours.
const unreached = document.getElementById("unreached");
for (const trouble of ["htmx:responseError", "htmx:sendError", "htmx:timeout"])
  document.addEventListener(trouble, ({ target }) => {
    unreached?.removeAttribute("hidden");
    target.closest?.(".later")?.classList.add("absent");
  });
// Said once: a list that renews itself finds as many as before.
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  detail.shouldSwap = detail.target.textContent.trim() !== detail.fragment.textContent.trim();
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful && !detail.elt.matches(".later")) unreached?.setAttribute("hidden", "");
});
