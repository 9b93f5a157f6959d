/** Gives everything a size, without which lists that draw only what is in view draw nothing in a test. */
export function drawLists(): void {
  const size = 500;
  const box = { width: size, height: size, top: 0, left: 0, bottom: size, right: size, x: 0, y: 0 };
  Object.defineProperty(Element.prototype, 'getBoundingClientRect', { value: () => ({ ...box, toJSON: () => box }) });
  Object.defineProperty(HTMLElement.prototype, 'offsetHeight', { value: size, configurable: true });
  Object.defineProperty(HTMLElement.prototype, 'offsetWidth', { value: size, configurable: true });
}
