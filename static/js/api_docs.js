// Swagger UI has a dark half of its own, behind a class: it follows the theme of the page.
const root = document.documentElement;
const follow = () => root.classList.toggle("dark-mode", root.dataset.bsTheme === "dark");

new MutationObserver(follow).observe(root, { attributeFilter: ["data-bs-theme"] });
follow();
