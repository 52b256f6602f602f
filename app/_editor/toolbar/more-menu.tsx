import { ChevronDown } from "lucide-react";
import { lazy, useEffect } from "react";
import { Button } from "../../_ui/button";
import { whenIdle } from "../../_ui/when-idle";
import { Menu } from "./menu";

const load = () => import("./more-items").then(({ MoreItems }) => ({ default: MoreItems }));
const Items = lazy(load);

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
      <Items />
    </Menu>
  );
}
