"use strict";
(() => {
  const page = window.page;
  if (!page) return;
  const token = document.querySelector("meta[name=review-token]").content;
  const WORDS = { approved: ["✓", "approved"], rejected: ["✗", "rejected"], draft: ["○", "undecided"] };
  // By row: what the story holds, what is wanted of it, whether a save is on its way, and whether
  // somebody else's word has come into the story ahead of it.
  const kept = new Map();

  const buttonsOf = (task) => task.querySelectorAll(".decision [aria-pressed]");
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
    for (const button of buttonsOf(task)) {
      button.setAttribute("aria-pressed", String(button.value === row.want.status));
    }
    for (const way of [".theirs", ".mine"]) task.querySelector(way).hidden = !row.clash;
    task.classList.toggle("unsaved", failed);
    task.querySelector(".saved").textContent = words;
    page.changed(task);
    tally();
  };

  // What was changed here goes, and what this page had: the story may have moved on since.
  const post = (task, keepalive = false) => {
    const { has, want } = kept.get(task);
    const said = { id: task.dataset.task, had: { status: has.says, note: has.note } };
    if (want.status !== has.status) said.status = want.status;
    if (want.note !== has.note) said.note = want.note;
    return fetch("decisions", {
      method: "POST",
      keepalive,
      headers: { "content-type": "application/json", "x-review-token": token },
      body: JSON.stringify(said),
    });
  };

  const read = (told) => ({ status: told.state, note: told.note, says: told.status });
  const fill = (task, note) => {
    const field = noteOf(task);
    field.value = note;
    fit(field);
    kept.get(task).field = field.value;
  };

  const taken = (task, told, sent) => {
    const row = kept.get(task);
    const isAsSent = noted(task) === sent.note;
    row.has = read(told);
    if (row.want.status === sent.status) row.want.status = row.has.status;
    if (row.want.note === sent.note) row.want.note = row.has.note;
    if (!isAsSent) return;
    const field = noteOf(task);
    // While somebody types, what the story leaves out (a line that is empty yet) stays.
    if (field.value === sent.note && field !== document.activeElement) field.value = row.has.note;
    row.field = field.value;
  };

  // Somebody else's word stands there: it is shown, and what was not changed here follows it.
  const met = (task, there) => {
    const row = kept.get(task);
    const had = row.has;
    const isTyped = noteOf(task).value !== row.field;
    const note = noted(task);
    row.has = read(there);
    const status = row.want.status === had.status ? row.has.status : row.want.status;
    row.want = { status, note: isTyped ? note : row.has.note };
    if (isTyped) row.field = null;
    else fill(task, row.has.note);
    row.clash = isDirty(row);
  };

  // One save of a row at a time; what is wanted meanwhile is saved after it.
  const save = async (task) => {
    const row = kept.get(task);
    if (row.busy) return;
    row.busy = true;
    let trouble = "";
    let words = "saved";
    while (isDirty(row) && !trouble) {
      show(task, "saving …");
      try {
        const sent = { ...row.want };
        const answer = await post(task);
        const told = await answer.json().catch(() => ({}));
        if (answer.ok) taken(task, told, sent);
        else if (told.there) {
          met(task, told.there);
          if (row.clash) trouble = `${told.error}; ${told.hint}.`;
          else words = "saved by somebody else meanwhile; this is what stands there";
        } else {
          const said = told.error || `the answer was ${answer.status}`;
          trouble = `${[said, told.hint].filter(Boolean).join("; ")}. Press again to retry.`;
        }
      } catch {
        trouble = "the review is not reached, it may have ended. Press again to retry.";
      }
    }
    row.busy = false;
    row.failed = Boolean(trouble);
    show(task, trouble ? `Not saved: ${trouble}` : words, row.failed);
  };

  const decide = (task, status) => {
    const row = kept.get(task);
    // Pressed once more it is taken back, unless that press is the retry.
    const takenBack = row.want.status === status && !row.failed;
    row.want = { status: takenBack ? "draft" : status, note: noted(task) };
    row.clash = false;
    save(task);
  };
  // Over somebody else's word a note goes only where it is sent on purpose.
  const annotate = (task, isMeant = false) => {
    const row = kept.get(task);
    if (row.clash && !isMeant) return;
    row.clash = false;
    row.want = { ...row.want, note: noted(task) };
    if (isDirty(row)) save(task);
    else if (isMeant && row.failed) takeOver(task);
  };

  const takeOver = (task) => {
    const row = kept.get(task);
    row.want = { status: row.has.status, note: row.has.note };
    row.clash = row.failed = false;
    fill(task, row.has.note);
    show(task, "taken over");
  };

  for (const task of page.tasks) {
    if (!("task" in task.dataset)) continue;
    const { state: status, note, says } = task.dataset;
    const now = { status, note };
    kept.set(task, {
      has: { ...now, says },
      want: { ...now },
      field: noteOf(task).value,
      busy: false,
      failed: false,
      clash: false,
    });
    fit(noteOf(task));
    for (const button of buttonsOf(task)) {
      button.setAttribute("aria-pressed", String(button.value === now.status));
    }
  }
  tally();

  const main = document.querySelector("main");
  main.addEventListener("click", (event) => {
    const button = event.target.closest(".decision button");
    if (!button) return;
    const task = button.closest(".task");
    if (button.classList.contains("theirs")) takeOver(task);
    else if (button.classList.contains("mine")) annotate(task, true);
    else decide(task, button.value);
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
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest(".note")) annotate(event.target.closest(".task"), true);
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
      if (row.clash) continue;
      row.want = { ...row.want, note: noted(task) };
      if (isDirty(row) && !row.busy) post(task, true).catch(() => {});
    }
  });
  addEventListener("beforeunload", (event) => {
    if ([...kept.values()].some((row) => row.failed || row.busy)) event.preventDefault();
  });
})();
