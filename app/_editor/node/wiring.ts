import { createContext, useContext } from "react";

const Wiring = createContext(true);

/** Whether wires are drawn from ports below: not in what can only be looked at. */
export const WiringAllowed = Wiring.Provider;
export const useWiringAllowed = (): boolean => useContext(Wiring);
