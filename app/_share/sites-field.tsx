/** Which sites may show a link in a frame: their addresses, apart by commas. */
export function SitesField({ value, onChange }: { value: string; onChange(value: string): void }) {
  return (
    <label className="block text-xs text-ink-2">
      Sites that may show it in a frame
      <input
        className="field mt-1"
        placeholder="https://example.org, https://blog.example.org"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}
