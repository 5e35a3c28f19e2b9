// Who goes back wants the earlier page, as the server has it, and nothing that was asked for since.
addEventListener("popstate", () => document.querySelectorAll("[hx-push-url]").forEach((each) => htmx.trigger(each, "htmx:abort")));
// A filter that is changed and then sent asks twice for one address: one step back leaves it.
document.addEventListener("htmx:beforeHistoryUpdate", ({ detail }) => {
  if (detail.history.path === location.pathname + location.search) detail.history.type = "replace";
});
