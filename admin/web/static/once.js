// A form is sent once: pressed again while the answer is on its way it would be told that somebody changed what it saw.
const SHUT_MS = 5000; // A form whose answer is a file leaves its page standing, and may be sent again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if ("sent" in form.dataset) return event.preventDefault();
  form.dataset.sent = "";
  setTimeout(() => delete form.dataset.sent, SHUT_MS);
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
