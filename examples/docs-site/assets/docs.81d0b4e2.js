// Marks the page that is open in the navigation.
const here = location.pathname.replace(/\/$/, "");
for (const link of document.querySelectorAll("header nav a")) {
  if (new URL(link.href).pathname.replace(/\/$/, "") === here) {
    link.setAttribute("aria-current", "page");
  }
}
