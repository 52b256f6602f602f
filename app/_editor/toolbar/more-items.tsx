import {
  AppWindow,
  Bookmark,
  Braces,
  CopyPlus,
  Download,
  GitCompare,
  History,
  Keyboard,
  Link2,
  Share2,
} from "lucide-react";
import { useRouter } from "next/navigation";
import { useActions } from "../actions";
import { useEditor, useEditorStore, useViewStore } from "../context";
import { askVersionName } from "../keeping/ask-version-name";
import { MenuItem, MenuLine } from "./menu";
import { PeopleItem } from "./people-item";

/** What is done with a graph as a whole, and the list of keys. */
export function MoreItems() {
  const store = useEditorStore();
  const view = useViewStore();
  const frozen = useEditor((state) => state.frozen);
  const { saveCopy } = useActions();
  return (
    <>
      <MenuItem icon={Link2} onSelect={() => view.getState().show("share")}>
        Share by a link…
      </MenuItem>
      {!frozen && (
        <MenuItem icon={AppWindow} onSelect={() => view.getState().show("app")}>
          Publish as an app…
        </MenuItem>
      )}
      <MenuItem icon={Download} onSelect={() => store.setState({ isExporting: true })}>
        Export…
      </MenuItem>
      <MenuItem icon={CopyPlus} onSelect={saveCopy}>
        Save as a new graph
      </MenuItem>
      <VersionItems />
      <PeopleItem />
      {!frozen && (
        <MenuItem icon={Share2} onSelect={() => view.getState().show("publish")}>
          Publish as a template…
        </MenuItem>
      )}
      {!frozen && (
        <MenuItem icon={Braces} onSelect={() => view.getState().show("api")}>
          Use as API…
        </MenuItem>
      )}
      <MenuLine />
      <MenuItem icon={Keyboard} onSelect={() => view.getState().show("keys")}>
        Keys…
      </MenuItem>
    </>
  );
}

/** The ways to what the graph was, and to what it became since a run. */
function VersionItems() {
  const store = useEditorStore();
  const router = useRouter();
  const { save } = useActions();
  const { graphId, frozen, run } = store.getState();
  if (frozen && run.id)
    return (
      <MenuItem icon={GitCompare} onSelect={() => router.push(`/runs/${run.id}/changes`)}>
        Compare with today's graph
      </MenuItem>
    );
  const open = async () => {
    await save();
    router.push(`/graphs/${graphId}/versions`);
  };
  return (
    <>
      <MenuItem icon={Bookmark} onSelect={() => askVersionName(store)}>
        Name this version…
      </MenuItem>
      <MenuItem icon={History} onSelect={() => void open()}>
        Versions
      </MenuItem>
    </>
  );
}
