import { ChevronDown } from "lucide-react";
import { lazy, useEffect } from "react";
import { Button } from "../../_ui/button";
import { whenIdle } from "../../_ui/when-idle";
import { Menu } from "./menu";

const load = () => import("./more-items");
const MoreItems = lazy(async () => ({ default: (await load()).MoreItems }));

/** What is done with a graph as a whole: loaded when the page rests, or it is opened. */
export function MoreMenu() {
  useEffect(() => whenIdle(() => void load()), []);
  const trigger = (
    <Button look="quiet" size="s" aria-label="More">
      More
      <ChevronDown className="size-3.5" aria-hidden />
    </Button>
  );
  return (
    <Menu trigger={trigger}>
      <MoreItems />
    </Menu>
  );
}
