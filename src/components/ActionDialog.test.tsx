import { describe, expect, it } from '@jest/globals';
import { problem } from '@openclaw-fleet/contract';
import { screen, waitFor } from '@testing-library/react';
import { useState } from 'react';
import { FleetError } from '../api/client.ts';
import { show } from '../testing/render.tsx';
import { ActionButton } from './ActionButton.tsx';
import { ActionDialog } from './ActionDialog.tsx';
import type { ActionDialogProps } from './ActionDialog.tsx';

type Over = Partial<
  Pick<ActionDialogProps, 'acknowledge' | 'blocked' | 'reason' | 'hasFields' | 'failure' | 'destructive'>
>;

/** A page with a button that opens the dialog. `act` is what confirming does; `done` tells what was done. */
function Page({ act, ...over }: Over & { readonly act?: (reason: string) => Promise<unknown> }) {
  const [open, setOpen] = useState(false);
  const [done, setDone] = useState<string[]>([]);
  return (
    <>
      <ActionButton role="operator" why={done.length > 0 ? 'It is done.' : null} onClick={() => setOpen(true)}>
        Pause
      </ActionButton>
      <output>{done.join(', ')}</output>
      {open && (
        <ActionDialog
          title="Pause everything?"
          confirm="Pause"
          {...over}
          onConfirm={async (reason) => {
            await act?.(reason);
            setDone((before) => [...before, reason]);
          }}
          onDismiss={() => setOpen(false)}
        >
          All repairs wait.
          {over.hasFields === true && <input aria-label="Own field" autoFocus />}
        </ActionDialog>
      )}
    </>
  );
}

async function open(over: Parameters<typeof Page>[0] = {}) {
  const { user } = show(<Page {...over} />, { as: 'operator' });
  await user.click(screen.getByRole('button', { name: 'Pause' }));
  const dialog = await screen.findByRole('dialog', { name: 'Pause everything?' });
  return { user, dialog };
}
const reason = () => screen.getByRole('textbox', { name: /Reason/ });
const confirm = () => screen.getAllByRole('button', { name: /^(Pause|Working…)$/ }).at(-1)!;
const gone = () => waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
const opener = () => screen.getByRole('button', { name: 'Pause' });

describe('ActionDialog', () => {
  it('says what will happen, wants a reason, and then does it', async () => {
    const { user, dialog } = await open();
    expect(dialog).toHaveTextContent('All repairs wait.');
    expect(reason()).toHaveFocus();
    expect(confirm()).toBeDisabled();
    await user.type(reason(), ' ab ');
    expect(confirm()).toBeDisabled();
    await user.type(reason(), 'c');
    await user.click(confirm());
    await gone();
    expect(screen.getByRole('status')).toHaveTextContent('ab c');
  });

  it('does nothing when it is dismissed, by button and by Escape, and gives the focus back', async () => {
    const { user } = await open();
    await user.type(reason(), 'a good reason');
    await user.click(screen.getByRole('button', { name: 'Keep as it is' }));
    await gone();
    await waitFor(() => expect(opener()).toHaveFocus());
    await user.keyboard('{Enter}');
    await screen.findByRole('dialog');
    await user.keyboard('{Escape}');
    await gone();
    await waitFor(() => expect(opener()).toHaveFocus());
    expect(screen.getByRole('status')).toHaveTextContent('');
  });

  it('gives the focus back to a button that what was done has disabled', async () => {
    const { user } = await open();
    await user.type(reason(), 'a good reason');
    await user.click(confirm());
    await gone();
    await waitFor(() => expect(opener()).toHaveFocus());
    expect(opener()).toHaveAttribute('aria-disabled', 'true');
  });

  it('does one thing however often it is clicked, and cannot be left meanwhile', async () => {
    let calls = 0;
    let finish = (): void => undefined;
    const act = () => {
      calls += 1;
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    };
    const { user } = await open({ act });
    await user.type(reason(), 'a good reason');
    await user.dblClick(confirm());
    expect(confirm()).toHaveTextContent('Working…');
    await user.keyboard('{Escape}');
    expect(screen.getByRole('dialog')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Keep as it is' })).toBeDisabled();
    finish();
    await gone();
    expect(calls).toBe(1);
  });

  it('keeps an error with what was typed, by its fields, and can be tried again', async () => {
    const body = problem('invalid-body', 'The body is not valid.', [{ field: 'expiresAt', message: 'is over' }]);
    let refuse = true;
    const act = () => (refuse ? Promise.reject(new FleetError('invalid', 422, body.detail, body)) : Promise.resolve());
    const { user } = await open({ act, failure: ({ status }) => <em>Status {status}</em> });
    await user.type(reason(), 'a good reason');
    await user.click(confirm());
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent('It was not done');
    expect(alert).toHaveTextContent('The body is not valid. expiresAt: is over');
    expect(alert).toHaveTextContent('Status 422');
    expect(reason()).toHaveValue('a good reason');
    refuse = false;
    await user.click(confirm());
    await gone();
    expect(screen.getByRole('status')).toHaveTextContent('a good reason');
  });

  it('waits for what must be ticked', async () => {
    const { user } = await open({ acknowledge: 'I know' });
    await user.type(reason(), 'a good reason');
    expect(confirm()).toBeDisabled();
    await user.click(screen.getByRole('checkbox', { name: 'I know' }));
    expect(confirm()).toBeEnabled();
  });

  it('says why it cannot be confirmed yet, and is not confirmed by the keyboard either', async () => {
    const { user } = await open({ blocked: 'The plan is being made.', reason: 'a good reason' });
    expect(screen.getByText('The plan is being made.')).toBeVisible();
    expect(confirm()).toBeDisabled();
    confirm().closest('form')?.requestSubmit();
    await user.keyboard('{Escape}');
    await gone();
    expect(screen.getByRole('status')).toHaveTextContent('');
  });

  it('begins with the first field of its own, where it has some', async () => {
    await open({ hasFields: true });
    expect(screen.getByRole('textbox', { name: 'Own field' })).toHaveFocus();
  });

  it('takes no more of a reason than the collector does', async () => {
    await open();
    expect(reason()).toHaveAttribute('maxlength', '500');
  });
});
