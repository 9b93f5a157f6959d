import { Field, Label, MultiCombobox } from '@grafana/ui';
import { useEffect, useId, useRef } from 'react';

interface Props<Value extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly label?: string; readonly description?: string }[];
  readonly value: readonly Value[];
  readonly placeholder: string;
  readonly width?: number;
  /** Whether what is not on the list may be typed. */
  readonly createCustomValue?: boolean;
  readonly onChange: (value: Value[]) => void;
}

/** A filter by several values of a list. */
export function MultiFilter<Value extends string>({ label, options, value, onChange, ...props }: Props<Value>) {
  // Grafana 12.3 does not give the box its `id`, so a label's `for` would lead nowhere.
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  // Nor does it say that the arrow is a button.
  useEffect(() => {
    const arrow = box.current?.querySelector('[id$="-toggle-button"]');
    arrow?.setAttribute('role', 'button');
    arrow?.setAttribute('aria-label', label);
  }, [label]);
  return (
    <Field label={<Label id={id}>{label}</Label>} noMargin>
      <div ref={box}>
        <MultiCombobox<Value>
          {...props}
          aria-labelledby={id}
          options={[...options]}
          value={[...value]}
          onChange={(chosen) => onChange(chosen.map((each) => each.value))}
        />
      </div>
    </Field>
  );
}
