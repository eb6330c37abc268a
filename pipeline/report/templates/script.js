"use strict";
// Opens what a link leads to, also where it is folded away.
function reveal() {
  const found = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let one = found; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
  return found;
}
function go(event) {
  const link = event.target.closest("a.box");
  if (!link) return;
  event.preventDefault();
  history.replaceState(null, "", link.getAttribute("href"));
  const found = reveal();
  if (found) { found.scrollIntoView({ block: "nearest" }); found.querySelector("summary").focus({ preventScroll: true }); }
}
document.addEventListener("click", go);
addEventListener("hashchange", reveal);
reveal();

// Sorts a table by the column whose heading is chosen.
function sort(heading, down) {
  const place = [...heading.parentElement.children].indexOf(heading), body = heading.closest("table").tBodies[0];
  const value = (row) => row.children[place].dataset.value ?? row.children[place].textContent.trim();
  const sign = down ? -1 : 1;
  const rows = [...body.rows].sort((a, b) => sign * value(a).localeCompare(value(b), "en", { numeric: true }));
  body.append(...rows);
  for (const other of heading.parentElement.children) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
}
for (const heading of document.querySelectorAll("table.sortable th[scope=col]")) {
  const button = document.createElement("button");
  button.append(...heading.childNodes);
  heading.append(button);
  button.type = "button";
  button.addEventListener("click", () => sort(heading, heading.getAttribute("aria-sort") === "ascending"));
}

// A run that goes on is read anew; what was open stays open.
const seconds = Number(document.body.dataset.reload);
if (seconds) {
  const all = [...document.querySelectorAll("details")], key = "open " + location.pathname + location.search;
  const name = (one, place) => one.id || "details " + place;
  const open = JSON.parse(sessionStorage.getItem(key) || "[]"), top = sessionStorage.getItem(key + " top");
  all.forEach((one, place) => { if (open.includes(name(one, place))) one.open = true; });
  if (top !== null) scrollTo(0, Number(top));
  addEventListener("pagehide", () => {
    sessionStorage.setItem(key, JSON.stringify(all.map((one, place) => one.open && name(one, place)).filter(Boolean)));
    sessionStorage.setItem(key + " top", scrollY);
  });
  setTimeout(() => location.reload(), 1000 * seconds);
}
