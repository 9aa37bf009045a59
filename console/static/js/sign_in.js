// @ts-check
// A link with `#token=…` signs in. The token leaves the address at once: it is in no history, log or bookmark.

const form = document.querySelector("form[data-sign-in]");
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (location.hash) history.replaceState(null, "", location.pathname + location.search);
if (token && form instanceof HTMLFormElement) {
  const field = form.elements.namedItem("token");
  if (field instanceof HTMLInputElement) {
    field.value = token;
    form.requestSubmit();
  }
}
