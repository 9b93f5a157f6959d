import { describe, expect, it } from '@jest/globals';
import { screen } from '@testing-library/react';
import { show } from '../../testing/render.tsx';
import NotFoundPage from '../../pages/NotFoundPage.tsx';

describe('a page that is not there', () => {
  it('leads back to the fleet', async () => {
    show(<NotFoundPage />, { at: 'nowhere' });
    expect(await screen.findByRole('link', { name: 'Go to the fleet' })).toBeVisible();
  });
});
