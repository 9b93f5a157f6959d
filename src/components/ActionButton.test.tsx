import { describe, expect, it } from '@jest/globals';
import { screen } from '@testing-library/react';
import { useState } from 'react';
import { show } from '../testing/render.tsx';
import { ActionButton } from './ActionButton.tsx';

/** Counts what it did; `done` disables it, as a state that changed would. */
function Counter({ once = false, ...props }: { readonly once?: boolean; readonly why?: string }) {
  const [count, setCount] = useState(0);
  const why = once && count > 0 ? 'It is paused already.' : (props.why ?? null);
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <ActionButton role="operator" why={why} type="submit" onClick={() => setCount(count + 1)}>
        Pause
      </ActionButton>
      <output>{count}</output>
    </form>
  );
}
const button = () => screen.getByRole('button', { name: 'Pause' });
const count = () => screen.getByRole('status').textContent;

describe('ActionButton', () => {
  it('acts by mouse and by keyboard where the role is held, without a tooltip', async () => {
    const { user } = show(<Counter />, { as: 'operator' });
    expect(button()).toHaveAttribute('aria-disabled', 'false');
    await user.click(button());
    await user.keyboard('{Enter}');
    expect(count()).toBe('2');
    expect(screen.queryByRole('tooltip')).not.toBeInTheDocument();
  });

  it('names the missing permission, before any other reason, and does nothing', async () => {
    const { user } = show(<Counter why="It is paused already." />, { as: 'viewer' });
    expect(button()).toHaveAttribute('aria-disabled', 'true');
    await user.hover(button());
    expect(await screen.findByRole('tooltip')).toHaveTextContent(/openclaw-fleet-app\.fleet:operate.*Editor/);
    await user.click(button());
    expect(count()).toBe('0');
  });

  it('is reached by keyboard while disabled, describes itself by the reason, and submits nothing', async () => {
    const { user } = show(<Counter why="It is paused already." />, { as: 'approver' });
    await user.tab();
    expect(button()).toHaveFocus();
    expect(await screen.findByRole('tooltip')).toHaveTextContent('It is paused already.');
    expect(button()).toHaveAccessibleDescription('It is paused already.');
    await user.keyboard('{Enter} ');
    expect(count()).toBe('0');
  });

  it('keeps the focus when what it did disables it', async () => {
    const { user } = show(<Counter once />, { as: 'operator' });
    const before = button();
    await user.click(before);
    expect(button()).toBe(before);
    expect(button()).toHaveFocus();
    expect(button()).toHaveAttribute('aria-disabled', 'true');
    await user.click(before);
    expect(count()).toBe('1');
  });
});
