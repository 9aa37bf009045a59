// @ts-check
// Dates and times of forms: the page has them in UTC, the viewer sees and types them in their own zone.

/** @param {number} number @param {number} [size] */
const padded = (number, size = 2) => String(number).padStart(size, "0");

/**
 * @param {string} utc "2026-12-01T08:00", as the page has it
 * @returns {string} the same moment in the viewer's zone; empty if it is none
 */
export function toLocal(utc) {
  const at = new Date(`${utc}Z`);
  if (Number.isNaN(at.getTime())) return "";
  const day = `${padded(at.getFullYear(), 4)}-${padded(at.getMonth() + 1)}-${padded(at.getDate())}`;
  const clock = `${padded(at.getHours())}:${padded(at.getMinutes())}`;
  const [, seconds = ""] = /^.{16}(:.*)$/.exec(utc) ?? [];
  return `${day}T${clock}${seconds}`;
}

/**
 * @param {string} local "2026-12-01T09:00", as the viewer has typed it
 * @returns {string} "2026-12-01T08:00:00.000Z"; what is no moment stays as it is
 */
export function toUtc(local) {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? local : at.toISOString();
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

for (const input of document.querySelectorAll("input[data-moment]")) {
  if (!(input instanceof HTMLInputElement)) continue;
  input.value = toLocal(input.defaultValue);
  const beside = document.getElementById(`${input.id}-zone`);
  if (beside) beside.textContent = zone;
  // What is shown stays local: the browser may come back to this page.
  input.form?.addEventListener("formdata", ({ formData }) => formData.set(input.name, toUtc(input.value)));
}
