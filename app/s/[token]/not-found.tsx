/** Whether there never was such a link, or it was taken back or has ended, is not told. */
export default function NotFound() {
  return (
    <main className="flex min-h-full flex-col items-center justify-center gap-2 p-8 text-center" data-link-closed>
      <h1 className="text-lg font-semibold">This link shows nothing any more</h1>
      <p className="max-w-sm text-ink-2">
        It was taken back, or its time is over; or a part of the address is missing. Ask whoever sent it for another
        one.
      </p>
    </main>
  );
}
