import type { GrafanaTheme2 } from '@grafana/data';
import { css } from '@emotion/css';
import { BANDS } from '@openclaw-fleet/contract';
import type { Band } from '@openclaw-fleet/contract';

/** Pixels of a cell's side, and between two. They never change, so that the eye can learn where a node is. */
export const CELL = { size: 18, gap: 3 } as const;

const COLOURS: Record<Band, string> = {
  healthy: 'green',
  warning: 'yellow',
  degraded: 'orange',
  critical: 'red',
  unknown: 'text',
};

function colourOf(theme: GrafanaTheme2, band: Band): string {
  return band === 'unknown' ? theme.colors.text.secondary : theme.visualization.getColorByName(COLOURS[band]);
}

/** What tells cells apart is attributes, so that thousands share one class. */
const looks = (theme: GrafanaTheme2) => ({
  '[data-band]': {
    boxSizing: 'border-box',
    width: CELL.size,
    height: CELL.size,
    flex: 'none',
    borderRadius: 2,
    border: '2px solid',
    fontSize: 10,
    fontWeight: theme.typography.fontWeightBold,
    lineHeight: `${CELL.size - 4}px`,
    textAlign: 'center',
    userSelect: 'none',
    '&::before': { content: 'attr(data-mark)' },
    '&[data-isolated]': { borderRadius: '50%' },
  } as const,
  ...Object.fromEntries(
    BANDS.map((band) => {
      const colour = colourOf(theme, band);
      const color = theme.colors.getContrastText(colour);
      const silent = { background: 'transparent', color: theme.colors.text.primary };
      return [`[data-band="${band}"]`, { background: colour, borderColor: colour, color, '&[data-silent]': silent }];
    })
  ),
});

export const getStyles = (theme: GrafanaTheme2) => ({
  map: css({
    ...looks(theme),
    overflowY: 'auto',
    '[role="option"]': {
      cursor: 'pointer',
      '&:hover': { filter: 'brightness(1.2)' },
      '&[aria-selected="true"]': { outline: `2px solid ${theme.colors.text.maxContrast}`, outlineOffset: 1 },
      '&:focus-visible': { outline: `3px solid ${theme.colors.primary.main}`, outlineOffset: 1 },
    },
  }),
  zone: css({
    contentVisibility: 'auto',
    containIntrinsicSize: 'auto 200px',
    paddingBottom: theme.spacing(2),
  }),
  heading: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(1),
    paddingBottom: theme.spacing(0.5),
  }),
  worst: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: theme.spacing(0.5),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  cells: css({
    display: 'grid',
    gridTemplateColumns: `repeat(auto-fill, ${CELL.size}px)`,
    gap: CELL.gap,
    padding: 3,
  }),
  legend: css({
    ...looks(theme),
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0.5, 2),
    listStyle: 'none',
    margin: 0,
    padding: theme.spacing(0.5),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    li: { display: 'flex', alignItems: 'center', gap: theme.spacing(0.75) },
  }),
  tooltip: css({
    position: 'fixed',
    zIndex: theme.zIndex.tooltip,
    pointerEvents: 'none',
    maxWidth: 320,
    padding: theme.spacing(0.5, 1),
    borderRadius: theme.shape.radius.default,
    background: theme.colors.background.elevated,
    border: `1px solid ${theme.colors.border.medium}`,
    boxShadow: theme.shadows.z3,
    color: theme.colors.text.primary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
});
