const SIZE = 500;
const box = { width: SIZE, height: SIZE, top: 0, left: 0, bottom: SIZE, right: SIZE, x: 0, y: 0 };

/** Gives everything a size: Combobox draws only what is in view, and in a test nothing is. */
export function drawLists(): void {
  const give = (of: object, name: string, value: unknown): void =>
    void Object.defineProperty(of, name, { value, configurable: true, writable: true });
  give(Element.prototype, 'getBoundingClientRect', () => ({ ...box, toJSON: () => box }));
  for (const name of ['offsetHeight', 'offsetWidth']) give(HTMLElement.prototype, name, SIZE);
  for (const name of ['clientHeight', 'clientWidth']) give(Element.prototype, name, SIZE);
  // Text has a width; everything else of a chart is drawn for nobody.
  const pen = { measureText: (text: string) => ({ width: text.length * 8 }) };
  const draw = new Proxy(pen, { get: (has, name) => (Reflect.get(has, name) as unknown) ?? (() => undefined) });
  give(HTMLCanvasElement.prototype, 'getContext', () => draw);
  give(globalThis, 'Path2D', function () {
    return draw;
  });
  // Drawer asks for the width of a scroll bar, which jsdom does not know.
  const styleOf = window.getComputedStyle.bind(window);
  give(window, 'getComputedStyle', (element: Element) => styleOf(element));
}
