import {
  cloneElement,
  lazy,
  type MouseEvent,
  type ReactElement,
  type ReactNode,
  Suspense,
  useEffect,
  useState,
} from "react";
import { whenIdle } from "../../_ui/when-idle";

const load = () => import("../../_ui/floating-menu");
const FloatingMenu = lazy(async () => ({ default: (await load()).FloatingMenu }));

/** An item of a menu, and a line between items. */
export const MenuItem = lazy(async () => ({ default: (await load()).FloatingItem }));
export const MenuLine = lazy(async () => ({ default: (await load()).FloatingLine }));

interface TriggerProps {
  "aria-haspopup": "menu";
  "aria-expanded": boolean;
  onClick(event: MouseEvent<HTMLElement>): void;
}

interface MenuProps {
  /** The button that opens it. */
  trigger: ReactElement<TriggerProps>;
  children: ReactNode;
}

/** A menu below a button of the toolbar. What menus are made of is loaded when the page rests or one is opened. */
export function Menu({ trigger, children }: MenuProps) {
  const [opener, setOpener] = useState<HTMLElement>();
  useEffect(() => whenIdle(() => void load()), []);
  const button = cloneElement(trigger, {
    "aria-haspopup": "menu",
    "aria-expanded": opener !== undefined,
    onClick: ({ currentTarget }) => setOpener(opener ? undefined : currentTarget),
  });
  return (
    <>
      {button}
      {opener && (
        <Suspense>
          <FloatingMenu
            box={opener.getBoundingClientRect()}
            align="end"
            className="w-60"
            opener={opener}
            onClose={() => setOpener(undefined)}
          >
            {children}
          </FloatingMenu>
        </Suspense>
      )}
    </>
  );
}
