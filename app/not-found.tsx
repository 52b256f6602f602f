/** With a plain link: any page may turn out to be none, and each would load what another kind of link needs. */
import { pathHere } from "./_ui/path-here";
import { SmallPage } from "./_ui/small-page";

export default function NotFound() {
  return (
    <SmallPage
      title="This page does not exist"
      note="What was here may have been deleted, or be for others than who is signed in."
    >
      <a href={pathHere("/")} className="mt-4 inline-block text-accent hover:underline">
        To the start page
      </a>
    </SmallPage>
  );
}
