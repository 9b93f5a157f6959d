/**
 * Shows that something slow goes on: one line that refreshes on a terminal, else a line now and then.
 * @param detail how far it is
 */
export function progress(out, title, detail = () => '') {
  const began = Date.now();
  const seconds = () => `${Math.round((Date.now() - began) / 1000)} s`;
  const facts = () => [detail(), seconds()].filter(Boolean).join(', ');
  const marks = ['-', '\\', '|', '/'];
  let turn = 0;
  if (!out.isTTY) out.write(`${title} ...\n`);
  const timer = setInterval(
    () => {
      if (out.isTTY) out.write(`\r\x1b[2K${marks[turn++ % marks.length]} ${title} (${facts()})`);
      else out.write(`  ${facts()}\n`);
    },
    out.isTTY ? 250 : 5000
  );
  return {
    end: (outcome) => {
      clearInterval(timer);
      if (out.isTTY) out.write(`\r\x1b[2K${title}: ${outcome} (${facts()})\n`);
      else out.write(`  ${outcome} (${facts()})\n`);
    },
  };
}
