"use strict";
(() => {
  const page = window.page;
  if (!page) return;
  const token = document.querySelector("meta[name=review-token]").content;
  const WORDS = { approved: ["✓", "approved"], rejected: ["✗", "rejected"], draft: ["○", "undecided"] };
  // By row: what the story holds, what is wanted of it, and whether a save is on its way.
  const kept = new Map();

  const noteOf = (task) => task.querySelector(".note textarea");
  // A field cannot hold every note: one that nobody touched stays what the story has.
  const noted = (task) => {
    const row = kept.get(task);
    const now = noteOf(task).value;
    return now === row.field ? row.has.note : now;
  };
  // Where a browser does not fit a field to its text by itself.
  const fit = (field) => { field.rows = field.value.split("\n").length; };
  const isDirty = (row) => row.want.status !== row.has.status || row.want.note !== row.has.note;

  const tally = () => {
    const counts = { approved: 0, rejected: 0, draft: 0 };
    let unsaved = 0;
    for (const row of kept.values()) {
      counts[row.has.status] += 1;
      unsaved += isDirty(row);
    }
    for (const [status, count] of Object.entries(counts)) {
      document.querySelector(`[data-tally=${status}]`).textContent = count;
    }
    const left = document.querySelector("[data-tally=unsaved]");
    left.hidden = !unsaved;
    left.textContent = `${unsaved} not saved`;
  };

  const show = (task, words = "", failed = false) => {
    const row = kept.get(task);
    const [sign, word] = WORDS[row.has.status];
    task.classList.remove("approved", "rejected", "draft");
    task.classList.add(row.has.status);
    task.dataset.state = row.has.status;
    task.querySelector(".state .sign").textContent = sign;
    task.querySelector(".state .word").textContent = word;
    for (const button of task.querySelectorAll(".decision button")) {
      button.setAttribute("aria-pressed", String(button.value === row.want.status));
    }
    task.classList.toggle("unsaved", failed);
    task.querySelector(".saved").textContent = words;
    page.changed(task);
    tally();
  };

  const post = (task, keepalive = false) =>
    fetch("decisions", {
      method: "POST",
      keepalive,
      headers: { "content-type": "application/json", "x-review-token": token },
      body: JSON.stringify({ id: task.dataset.task, ...kept.get(task).want }),
    });

  const why = async (answer) => {
    const told = await answer.json().catch(() => ({}));
    return [told.error || `the answer was ${answer.status}`, told.hint].filter(Boolean).join("; ");
  };

  // One save of a row at a time; what is wanted meanwhile is saved after it.
  const save = async (task) => {
    const row = kept.get(task);
    if (row.busy) return;
    row.busy = true;
    let trouble = "";
    while (isDirty(row) && !trouble) {
      show(task, "saving …");
      try {
        const sent = { ...row.want };
        const answer = await post(task);
        if (answer.ok) {
          const { status, note } = await answer.json();
          if (row.want.status === sent.status && row.want.note === sent.note) row.want = { status, note };
          const isAsSent = noted(task) === sent.note;
          row.has = { status, note };
          if (isAsSent) {
            const field = noteOf(task);
            // While somebody types, what the story leaves out (a line that is empty yet) stays.
            if (field.value === sent.note && field !== document.activeElement) field.value = note;
            row.field = field.value;
          }
        } else trouble = await why(answer);
      } catch {
        trouble = "the review is not reached, it may have ended";
      }
    }
    row.busy = false;
    row.failed = Boolean(trouble);
    show(task, trouble ? `Not saved: ${trouble}. Press again to retry.` : "saved", row.failed);
  };

  const decide = (task, status) => {
    const row = kept.get(task);
    // Pressed once more it is taken back, unless that press is the retry.
    const takenBack = row.want.status === status && !row.failed;
    row.want = { status: takenBack ? "draft" : status, note: noted(task) };
    save(task);
  };
  const annotate = (task) => {
    const row = kept.get(task);
    row.want = { ...row.want, note: noted(task) };
    if (isDirty(row)) save(task);
  };

  for (const task of page.tasks) {
    if (!("task" in task.dataset)) continue;
    const now = { status: task.dataset.state, note: task.dataset.note };
    kept.set(task, { has: now, want: { ...now }, field: noteOf(task).value, busy: false, failed: false });
    fit(noteOf(task));
    for (const button of task.querySelectorAll(".decision button")) {
      button.setAttribute("aria-pressed", String(button.value === now.status));
    }
  }
  tally();

  const main = document.querySelector("main");
  main.addEventListener("click", (event) => {
    const button = event.target.closest(".decision button");
    if (button) decide(button.closest(".task"), button.value);
  });
  let due = 0;
  main.addEventListener("input", (event) => {
    const task = event.target.closest(".note") && event.target.closest(".task");
    if (!task) return;
    fit(event.target);
    clearTimeout(due);
    due = setTimeout(() => annotate(task), 900);
  });
  main.addEventListener("change", (event) => {
    if (event.target.closest(".note")) annotate(event.target.closest(".task"));
  });
  main.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest(".note")) annotate(event.target.closest(".task"));
  });

  const onCurrent = (action) => () => { const task = page.current(); if (task && kept.has(task)) action(task); };
  Object.assign(page.ACTIONS, {
    a: onCurrent((task) => decide(task, "approved")),
    r: onCurrent((task) => decide(task, "rejected")),
    u: onCurrent((task) => { kept.get(task).failed = false; decide(task, "draft"); }),
    n: onCurrent((task) => noteOf(task).focus()),
  });

  // A page that is closed in the middle of a note: the note goes all the same.
  addEventListener("pagehide", () => {
    for (const [task, row] of kept) {
      row.want = { ...row.want, note: noted(task) };
      if (isDirty(row) && !row.busy) post(task, true).catch(() => {});
    }
  });
  addEventListener("beforeunload", (event) => {
    if ([...kept.values()].some((row) => row.failed || row.busy)) event.preventDefault();
  });
})();
