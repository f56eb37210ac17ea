/*
 * The view is in the address, so that it can be sent: #curves&filter=jax&by=time. Each part gives its name, what it says now (no
 * value: as the page opens) and how it is set. Parts are read after every change and set in their order here.
 */
const parts = [];
const addPart = (name, read, set) => parts.push({ name, read, set });

function remember() {
  const said = new URLSearchParams(parts.flatMap(({ name, read }) => read().map((value) => [name, value])));
  write(sectionOf(location.hash), said.toString(), "replaceState");
}

function write(section, said, how) {
  const wanted = [section, said].filter(Boolean).join("&");
  if (wanted === location.hash.slice(1)) return;
  try {
    history[how](null, "", wanted ? `#${wanted}` : location.pathname + location.search);
  } catch { /* a frame that may not change its address */ }
}

const sectionOf = (hash) => /^#[^&=]+(?=&|$)/.exec(hash)?.[0].slice(1) ?? "";

function restore() {
  const said = new URLSearchParams(location.hash.slice(1));
  parts.forEach(({ name, set }) => set(said.getAll(name)));
  const section = document.getElementById(sectionOf(location.hash));
  if (section) requestAnimationFrame(() => section.scrollIntoView());
}

/* A control whose change is listened to elsewhere; what it says at first is not in the address. */
function addControl(name, control, valueOf = (value) => value, toValue = (value) => value) {
  const first = control.value;
  addPart(name, () => control.value === first ? [] : [valueOf(control.value)], ([value]) => setControl(control, value === undefined ? first : toValue(value)));
}

function setControl(control, value) {
  const before = control.value;
  control.value = value ?? before;
  if (control.value !== String(value)) control.value = before; // no such choice in this report
  if (control.value !== before) control.dispatchEvent(new Event(control.type === "search" ? "input" : "change", { bubbles: true }));
}

/* Radio buttons of one name; the first is chosen when the page opens. */
function addChoice(name, radios) {
  addPart(name, () => radios[0].checked ? [] : [radios.find((radio) => radio.checked).value], ([value]) => {
    const radio = radios.find((each) => each.value === value) ?? radios[0];
    if (radio.checked) return;
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

/* Links to sections keep the view. */
function followLink(event) {
  const section = find(event.currentTarget.getAttribute("href"));
  event.preventDefault();
  write(section.id, location.hash.slice(1).split("&").filter((part) => part.includes("=")).join("&"), "pushState");
  section.tabIndex = -1;
  section.focus({ preventScroll: true });
  section.scrollIntoView();
}

function startView() {
  findAll('a[href^="#"]').forEach((link) => link.addEventListener("click", followLink));
  for (const event of ["click", "dblclick", "change", "input", "keyup", "pointerup"]) addEventListener(event, () => soon(remember));
  addEventListener("hashchange", restore);
  if (location.hash) restore();
}
