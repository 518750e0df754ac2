"use strict";
(() => {
  const tasks = [...document.querySelectorAll(".task")];
  const form = document.querySelector(".filters");
  if (!form || !tasks.length) return;

  const FIELDS = ["text", "kind", "entity", "state"];
  const WARNED = "with warnings";
  const state = document.querySelector("main");
  const nothing = document.querySelector(".nothing");
  const keys = document.querySelector(".keys");
  const output = form.querySelector("output");
  const texts = new Map();
  const motion = matchMedia("(prefers-reduced-motion: reduce)");

  const said = (task) => {
    if (!texts.has(task)) {
      const note = task.querySelector(".note textarea");
      texts.set(task, `${task.textContent} ${note ? note.value : ""}`.toLowerCase());
    }
    return texts.get(task);
  };

  // The selects offer what is on the page, with how often.
  const offer = (name, values) => {
    const select = form.elements[name];
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
    select.length = 1;
    for (const [value, count] of counts) select.add(new Option(`${value} (${count})`, value));
  };
  const offerStates = () => {
    const words = tasks.map((task) => task.dataset.state);
    const warned = tasks.filter((task) => "warned" in task.dataset).map(() => WARNED);
    const before = form.elements.state.value;
    offer("state", [...words, ...warned]);
    form.elements.state.value = before;
    if (form.elements.state.selectedIndex < 0) form.elements.state.value = "";
  };

  const fits = (task, want, words) =>
    (!want.kind || task.dataset.kind === want.kind) &&
    (!want.entity || task.dataset.entity === want.entity) &&
    (!want.state || task.dataset.state === want.state || (want.state === WARNED && "warned" in task.dataset)) &&
    words.every((word) => said(task).includes(word));

  const wanted = () => Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value.trim()]));

  const filter = () => {
    const want = wanted();
    const words = want.text.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const task of tasks) {
      const fit = fits(task, want, words);
      if (task.hidden === fit) task.hidden = !fit;
      count += fit;
    }
    for (const entity of document.querySelectorAll(".entity")) {
      entity.hidden = !entity.querySelector(".task:not([hidden])");
    }
    nothing.hidden = count > 0;
    output.value = count === tasks.length ? `${count} shown` : `${count} of ${tasks.length} shown`;
  };

  // What is asked for stands in the address, so that a link keeps it.
  const write = () => {
    const asked = Object.entries(wanted()).filter(([, value]) => value);
    const hash = new URLSearchParams(asked).toString();
    if (hash !== location.hash.slice(1)) history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  };
  const read = () => {
    const hash = location.hash.slice(1);
    const target = /^t-[0-9a-f]+$/.test(hash) && document.getElementById(hash);
    const asked = new URLSearchParams(target || !hash.includes("=") ? "" : hash);
    for (const name of FIELDS) {
      const field = form.elements[name];
      field.value = asked.get(name) || "";
      if (field.selectedIndex < 0) field.value = "";
    }
    filter();
    if (target) go(target);
    else if (hash.includes("=")) document.getElementById("tasks").scrollIntoView();
  };

  let current = null;
  const go = (task) => {
    current = task;
    task.focus({ preventScroll: true });
    // What is skipped while it is out of sight gets its real height on the way: look twice.
    const place = (behavior) => task.scrollIntoView({ block: "start", behavior });
    place(motion.matches ? "instant" : "auto");
    requestAnimationFrame(() => requestAnimationFrame(() => place("instant")));
  };
  const step = (by) => {
    const seen = tasks.filter((task) => !task.hidden);
    if (!seen.length) return;
    const at = current && !current.hidden ? seen.indexOf(current) : firstInSight(seen) - (by > 0 ? 1 : 0);
    go(seen[Math.min(seen.length - 1, Math.max(0, at + by))]);
  };
  const firstInSight = (seen) => {
    const top = form.getBoundingClientRect().bottom + 40;
    const index = seen.findIndex((task) => task.getBoundingClientRect().bottom > top);
    return index < 0 ? seen.length : index;
  };
  const unfold = (prompt) => {
    const whole = prompt.classList.toggle("whole");
    const button = prompt.querySelector(".more");
    button.setAttribute("aria-expanded", String(whole));
    button.textContent = whole ? "Less" : "Whole prompt";
  };

  const ACTIONS = {
    j: () => step(1),
    k: () => step(-1),
    o: () => current?.querySelector(".pictures a")?.click(),
    p: () => { const prompt = current?.querySelector(".long"); if (prompt) unfold(prompt); },
    "/": () => { form.elements.text.focus(); form.elements.text.select(); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target.closest?.("input:not([type=checkbox]), select, textarea");
    if (typing) {
      if (event.key === "Escape") { typing.blur(); if (current && !current.hidden) go(current); }
      return;
    }
    const onTask = event.target.classList?.contains("task");
    const arrow = onTask && { ArrowDown: "j", ArrowUp: "k" }[event.key];
    const action = ACTIONS[arrow || event.key];
    if (!action || (!arrow && !keys.querySelector("input").checked)) return;
    event.preventDefault();
    action();
  });
  document.addEventListener("focusin", (event) => {
    const task = event.target.closest?.(".task");
    if (task) current = task;
  });
  state.addEventListener("click", (event) => {
    const button = event.target.closest(".more");
    if (button) unfold(button.closest(".prompt"));
  });

  let due = 0;
  const soon = () => { clearTimeout(due); due = setTimeout(() => { filter(); write(); }, 120); };
  form.addEventListener("input", soon);
  form.addEventListener("reset", () => setTimeout(() => { filter(); write(); }));
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", read);

  // What is gone to stays clear of the bar that sticks to the top.
  const bar = document.querySelector("search");
  new ResizeObserver(() => {
    const sticks = getComputedStyle(bar).position === "sticky";
    document.documentElement.style.setProperty("--bar", sticks ? `${bar.offsetHeight + 8}px` : "1rem");
  }).observe(bar);

  // On paper nothing comes later.
  const hurry = () => {
    for (const task of tasks) {
      if (!task.hidden) for (const image of task.querySelectorAll("img")) { image.loading = "eager"; image.decoding = "sync"; }
    }
  };
  addEventListener("beforeprint", hurry);
  matchMedia("print").addEventListener("change", (paper) => { if (paper.matches) hurry(); });

  document.documentElement.classList.add("shortens");
  for (const button of document.querySelectorAll(".more")) button.hidden = false;
  offer("kind", tasks.map((task) => task.dataset.kind));
  offer("entity", tasks.map((task) => task.dataset.entity));
  offerStates();
  form.hidden = keys.hidden = false;
  read();

  // For the review's script.
  window.page = { tasks, ACTIONS, current: () => current, changed: (task) => { texts.delete(task); offerStates(); } };
})();
