import { choiceLabel, type FormChoice } from "#nodes/graph/published-form";

interface ChoiceFieldProps {
  id: string;
  choices: readonly FormChoice[];
  value: unknown;
  onChange(value: FormChoice["value"]): void;
}

/** One of the values that the publisher offers, by the names that they gave them. */
export function ChoiceField({ id, choices, value, onChange }: ChoiceFieldProps) {
  const chosen = choices.findIndex((choice) => JSON.stringify(choice.value) === JSON.stringify(value));
  return (
    <select
      id={id}
      className="field"
      value={chosen}
      onChange={(event) => {
        const choice = choices[Number(event.target.value)];
        if (choice) onChange(choice.value);
      }}
    >
      {chosen < 0 && <option value={-1}>Choose…</option>}
      {choices.map((choice, i) => (
        <option key={i} value={i}>
          {choiceLabel(choice)}
        </option>
      ))}
    </select>
  );
}
