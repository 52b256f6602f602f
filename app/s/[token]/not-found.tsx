import { SmallPage } from "../../_ui/small-page";

/** Whether there never was such a link, or it was taken back or has ended, is not told. */
export default function NotFound() {
  const why = (
    <span data-link-closed>
      It was taken back, or its time is over; or a part of the address is missing. Ask whoever sent it for another one.
    </span>
  );
  return <SmallPage title="This link shows nothing any more" note={why} />;
}
