// Regions that ask again every few seconds (data-poll) keep still while nobody looks at the page.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches?.("[data-poll]") && document.visibilityState !== "visible" && event.detail.requestConfig.triggeringEvent?.type !== "load") event.preventDefault();
});
