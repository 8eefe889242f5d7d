// The panel of documents: drop or choose files, follow them, read the receipts, delete. What comes from files and from
// the service is only ever set as text.
(() => {
  "use strict";
  const PAGE_SIZE = 100;
  const WAITED_FOR = 1_000_000; // bytes; a larger file becomes a job, which outlasts this page
  const POLL_MS = 700;
  const find = (id) => document.getElementById(id);
  const STATUS = {
    added: "Added", unchanged: "Already there", described: "Already there; what was given with it is new",
    replaced: "Added as a new version", restored: "Restored",
    waiting: "Waits for review: nothing of it is searched yet",
  };
  const STANDING = {
    waiting: "Waits for review", superseded: "Older version", quarantined: "Kept out of search",
  };
  const STATE = { quarantined: "Kept out of search", flagged: "Ranked down", kept: "Kept in search by decision" };

  // without what shows letters in another order than they are written in
  const steady = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");

  function make(tag, properties = {}, ...children) {
    const node = Object.assign(document.createElement(tag), properties);
    if (properties.textContent) node.textContent = steady(`${properties.textContent}`);
    node.append(...children.filter((child) => child !== null));
    return node;
  }

  // Words for values

  const count = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

  function languageName(tag) {
    if (!tag || tag === "und") return "Language unknown";
    try {
      return new Intl.DisplayNames(["en"], { type: "language" }).of(tag);
    } catch {
      return tag;
    }
  }

  function readableDate(date) {
    const [year, month, day] = date.split("-").map(Number);
    if (!month) return date;
    const options = { year: "numeric", month: "long", ...(day ? { day: "numeric" } : {}), timeZone: "UTC" };
    return new Intl.DateTimeFormat("en-GB", options).format(Date.UTC(year, month - 1, day || 1));
  }

  function readableTime(seconds) {
    if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
    return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
  }

  function encodingLine(encoding) {
    if (encoding === null) return "none: not a text file";
    const others = encoding.candidates.length ? `, could also be ${encoding.candidates.join(", ")}` : "";
    const lost = encoding.replaced ? `; ${count(encoding.replaced, "character")} could not be read` : "";
    return `${encoding.name}${encoding.is_certain ? "" : ` (uncertain${others})`}${lost}`;
  }

  // Asking the service

  async function call(path, method = "GET") {
    const response = await fetch(path, { method });
    const body = response.status === 204 ? null : await response.json();
    if (!response.ok) throw new Error(body.detail);
    return body;
  }

  function send(file, onProgress) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(); // fetch does not tell how much was sent
      const form = new FormData();
      form.append("file", file, file.name);
      request.open("POST", `./documents?background=${file.size > WAITED_FOR}`);
      request.responseType = "json";
      request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded, event.total);
      request.upload.onload = () => onProgress(1, 1);
      request.onerror = () => reject(new Error("the connection failed, or the file can't be read; try again"));
      request.onload = () => {
        const body = request.response;
        if (body === null) reject(new Error(`the service answered with status ${request.status}`));
        else if (request.status >= 400 && !body.failures) reject(new Error(body.detail));
        else resolve({ ...body, isJob: request.status === 202 });
      };
      request.send(form);
    });
  }

  // A receipt

  function row(term, value, origin) {
    const from = origin ? make("span", { className: "origin", textContent: ` (${origin})` }) : null;
    const shown = make("span", { dir: "auto", textContent: value });
    return [make("dt", { textContent: term }), make("dd", {}, shown, from)];
  }

  function listRow(term, items) {
    return items.length ? [make("dt", { textContent: term }), make("dd", {}, make("ul", {}, ...items))] : [];
  }

  function stretch(entry) {
    const length = count(entry.end_char_index - entry.start_char_index, "character");
    return make(
      "li", {},
      make("span", { textContent: `${STATE[entry.state] ?? entry.state}: ${entry.reason} (${length})` }),
      entry.preview ? make("q", { dir: "auto", textContent: entry.preview }) : null,
    );
  }

  function duplicate(other) {
    const link = make("a", { className: "source", href: `./source/${other.document_id}`, textContent: other.file_name });
    link.dir = "auto";
    return make("li", {}, link, ` shares ${Math.round(100 * other.share)} %`);
  }

  function receiptView(receipt) {
    const from = receipt.metadata_origins;
    const date = receipt.date ? readableDate(receipt.date) : "none found";
    return make(
      "dl", { className: "receipt" },
      ...row("Title", receipt.title, from.title),
      ...row("Format", receipt.format),
      ...row("Encoding", encodingLine(receipt.encoding)),
      ...row("Language", languageName(receipt.language), from.language),
      ...row("Date", date, receipt.date ? from.date : ""),
      ...(receipt.author ? row("Author", receipt.author, from.author) : []),
      ...(receipt.source ? row("Source", receipt.source, from.source) : []),
      ...row("Characters", receipt.characters.toLocaleString("en")),
      ...(receipt.pages ? row("Pages", receipt.pages.toLocaleString("en")) : []),
      ...(receipt.sections.length ? row("Sections", receipt.sections.length.toLocaleString("en")) : []),
      ...row("Passages", receipt.passages.toLocaleString("en")),
      ...listRow("Suspected", receipt.quarantined.map(stretch)),
      ...listRow("Much the same", receipt.near_duplicates.map(duplicate)),
      ...row("Time taken", receipt.took_ms < 1000 ? `${Math.round(receipt.took_ms)} ms` : readableTime(receipt.took_ms / 1000)),
    );
  }

  function receiptItem(receipt) {
    const status = STATUS[receipt.status] ?? receipt.status;
    const summary = make(
      "summary", {},
      make("span", { className: "file", dir: "auto", textContent: receipt.file_name }),
      make("span", { className: "outcome", textContent: `${status}, ${count(receipt.passages, "passage")}` }),
      receipt.encoding && !receipt.encoding.is_certain ? make("span", { className: "warning", textContent: "Encoding uncertain" }) : null,
      receipt.quarantined.length ? make("span", { className: "warning", textContent: `${count(receipt.quarantined.length, "stretch", "stretches")} under suspicion` }) : null,
    );
    return make("details", { className: "taken-in" }, summary, receiptView(receipt));
  }

  function failureItem(name, reason) {
    const problem = reason.startsWith(`${name}: `) ? reason.slice(name.length + 2) : reason;
    return make(
      "p", { className: "refused" },
      make("span", { className: "file", dir: "auto", textContent: name }),
      make("span", { className: "outcome", textContent: `Not taken in: ${problem}`, dir: "auto" }),
    );
  }

  // Uploads: one at a time, in the order in which they were chosen

  let queue = Promise.resolve();

  function announce(words) {
    find("upload-status").textContent = words;
  }

  function uploadEntry(name) {
    const bar = make("progress", { max: 1, value: 0 });
    bar.setAttribute("aria-label", `Progress of ${name}`);
    const said = make("span", { className: "outcome", textContent: "Waits" });
    const cancel = make("button", { type: "button", className: "plain", textContent: "Cancel", hidden: true });
    const head = make("div", { className: "under-way" }, make("span", { className: "file", dir: "auto", textContent: name }), said, cancel, bar);
    const item = make("li", {}, head);
    find("uploads").append(item);
    find("uploads-clear").hidden = true;
    return {
      say: (words, done) => {
        said.textContent = words;
        if (done === undefined) bar.removeAttribute("value"); // under way, nobody knows how far
        else bar.value = done;
      },
      onCancel: (action) => {
        cancel.hidden = false;
        cancel.onclick = action;
      },
      end: (results) => item.replaceChildren(...results),
    };
  }

  async function upload(file, entry) {
    try {
      let result = await send(file, (sent, total) => {
        if (sent < total) entry.say(`Uploading, ${Math.floor((100 * sent) / total)} %`, sent / total);
        else entry.say("Reading and indexing…");
      });
      if (result.isJob) result = await follow(result.job_id, entry);
      end(file.name, entry, result.receipts ?? (result.failures ? [] : [result]), result.failures ?? []);
    } catch (error) {
      end(file.name, entry, [], [{ file_name: file.name, detail: error.message }]);
    }
    await refresh();
  }

  function end(name, entry, receipts, failures, isCancelled = false) {
    const shown = [...receipts.map(receiptItem), ...failures.map((each) => failureItem(each.file_name, each.detail))];
    entry.end(shown.length ? shown : [failureItem(name, isCancelled ? "it was cancelled" : "nothing was in it")]);
    find("uploads-clear").hidden = find("uploads").querySelector(".under-way") !== null;
    const refused = failures.length ? `, ${failures.length} not taken in: ${failures[0].detail}` : "";
    announce(`${name}: ${count(receipts.length, "document")} taken in${refused}`);
  }

  async function follow(id, entry) {
    const receipts = [];
    entry.onCancel(() => call(`./jobs/${id}`, "DELETE").catch((error) => announce(error.message)));
    for (let after = 0; ; ) {
      const job = await call(`./jobs/${id}?after=${after}&limit=500`);
      receipts.push(...job.receipts);
      const isNew = job.next_after > after;
      after = job.next_after;
      if (job.finished_at !== null && !isNew) return { receipts, failures: job.failures, isCancelled: job.state === "cancelled" };
      const left = job.remaining_s ? `, about ${readableTime(job.remaining_s)} left` : "";
      const many = job.total > 1 ? ` ${job.done} of ${job.total}` : "";
      entry.say(`Reading and indexing${many}…${left}`, job.total > 1 ? job.done / job.total : undefined);
      if (!isNew) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  // What was under way when the page was opened
  async function followOthers() {
    const { jobs } = await call("./jobs");
    for (const job of jobs.filter((each) => each.finished_at === null)) {
      const name = count(job.total, "file");
      const entry = uploadEntry(name);
      follow(job.job_id, entry)
        .then((result) => end(name, entry, result.receipts, result.failures, result.isCancelled), (error) => end(name, entry, [], [{ file_name: name, detail: error.message }]))
        .then(refresh);
    }
  }

  function take(files) {
    for (const file of files) {
      const entry = uploadEntry(file.name);
      queue = queue.then(() => upload(file, entry));
    }
  }

  function takeDropped(transfer) {
    const entries = [...transfer.items].map((item) => [item.webkitGetAsEntry?.(), item.getAsFile()]);
    for (const [entry, file] of entries) {
      if (entry?.isDirectory) end(entry.name, uploadEntry(entry.name), [], [{ file_name: entry.name, detail: "a folder; drop the files in it" }]);
      else if (file) take([file]);
    }
  }

  // The list of documents

  const drawn = new Map();
  let pages = 1;

  async function refresh() {
    try {
      const listed = [];
      let total = 0;
      for (let page = 1; page <= pages; page++) {
        const answer = await call(`./documents?page=${page}&page_size=${PAGE_SIZE}`);
        listed.push(...answer.documents);
        total = answer.total;
      }
      showList(listed, total);
    } catch (error) {
      announce(error.message);
    }
  }

  function showList(documents, total) {
    const list = find("library");
    for (const each of documents) {
      const stamp = JSON.stringify(each);
      if (drawn.get(each.document_id)?.stamp !== stamp) drawn.set(each.document_id, { stamp, node: documentItem(each) });
    }
    const nodes = documents.map((each) => drawn.get(each.document_id).node);
    if (nodes.length !== list.children.length || nodes.some((node, i) => node !== list.children[i])) list.replaceChildren(...nodes);
    find("library-empty").hidden = total > 0;
    find("library-more").hidden = documents.length >= total;
    find("library-more").textContent = `Show more (${(total - documents.length).toLocaleString("en")})`;
  }

  function documentItem(entry) {
    const facts = [entry.source, entry.author, entry.date && readableDate(entry.date), languageName(entry.language), entry.file_name];
    const link = make(
      "a", { className: "source card", href: `./source/${entry.document_id}` },
      make(
        "span", { className: "about" },
        make("span", { className: "title", dir: "auto", lang: entry.language, textContent: entry.title }),
        make("span", { className: "facts" }, ...facts.filter(Boolean).map((fact) => make("span", { dir: "auto", textContent: fact }))),
        STANDING[entry.status] ? make("span", { className: "warning", textContent: STANDING[entry.status] }) : null,
      ),
    );
    const about = (action) => make("span", { className: "unseen", textContent: ` ${action} ${entry.title}` });
    const receipt = make("button", { type: "button", className: "plain" }, "Receipt", about("of"));
    const original = make("a", { className: "plain", href: `./documents/${entry.document_id}/original` }, "Original", about("of"));
    original.download = "";
    const remove = make("button", { type: "button", className: "plain danger" }, "Delete", about(""));
    const place = make("div", { className: "receipt-place", hidden: true });
    receipt.setAttribute("aria-expanded", "false");
    receipt.onclick = () => toggleReceipt(entry, receipt, place);
    remove.onclick = () => confirmDelete(entry, remove);
    return make("li", {}, link, make("div", { className: "actions" }, receipt, original, remove), place);
  }

  async function toggleReceipt(entry, button, place) {
    place.hidden = !place.hidden;
    button.setAttribute("aria-expanded", String(!place.hidden));
    if (place.hidden) return;
    try {
      place.replaceChildren(receiptView(await call(`./documents/${entry.document_id}/receipt`)));
    } catch (error) {
      place.replaceChildren(make("p", { className: "problem", textContent: error.message }));
    }
  }

  function confirmDelete(entry, opener) {
    const dialog = find("confirm-delete");
    find("confirm-title").textContent = steady(`Delete “${entry.title}”?`);
    find("confirm-problem").textContent = "";
    find("confirm-yes").disabled = false;
    find("confirm-yes").onclick = () => remove(entry, dialog);
    dialog.onclose = () => (opener.isConnected ? opener : find("files")).focus();
    dialog.showModal();
    find("confirm-no").focus();
  }

  async function remove(entry, dialog) {
    find("confirm-yes").disabled = true;
    try {
      await call(`./documents/${entry.document_id}`, "DELETE");
    } catch (error) {
      find("confirm-problem").textContent = error.message;
      find("confirm-yes").disabled = false;
      return;
    }
    if (find("source-tab").href.includes(entry.document_id)) {
      find("source-documents").click();
      find("source-frame").contentWindow.location.replace("about:blank"); // else its link shows what is loaded already
    }
    await refresh();
    dialog.close();
    announce(`${entry.title}: deleted`);
  }

  function listen() {
    const panel = find("source");
    find("files").addEventListener("change", (event) => {
      take(event.target.files);
      event.target.value = ""; // the same file can be chosen again
    });
    find("uploads-clear").onclick = () => {
      find("uploads").replaceChildren();
      find("uploads-clear").hidden = true;
    };
    find("library-more").onclick = () => {
      pages += 1;
      refresh();
    };
    find("confirm-no").onclick = () => find("confirm-delete").close();
    // a file dropped beside the panel would replace the page
    for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
    panel.addEventListener("dragover", (event) => panel.classList.toggle("dropping", event.dataTransfer.types.includes("Files")));
    panel.addEventListener("dragleave", (event) => panel.contains(event.relatedTarget) || panel.classList.remove("dropping"));
    panel.addEventListener("drop", (event) => {
      panel.classList.remove("dropping");
      takeDropped(event.dataTransfer);
    });
    for (const id of ["show-documents", "source-documents"]) find(id).addEventListener("click", refresh);
  }

  const waiting = setInterval(() => {
    if (!find("library") || !find("source-documents") || !find("show-documents")) return;
    clearInterval(waiting);
    listen();
    refresh();
    followOthers().catch((error) => announce(error.message));
  }, 50);
})();
