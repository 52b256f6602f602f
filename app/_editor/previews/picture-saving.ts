"use client";

import { createContext, useContext } from "react";
import type { StoredImage } from "#nodes/core/values";

export type SavePicture = (image: StoredImage) => void;

const Saving = createContext<SavePicture | undefined>(undefined);

/** Lets pictures below be saved. What links and apps show is below none: pictures there say nothing but themselves. */
export const PictureSaving = Saving.Provider;
export const usePictureSaving = (): SavePicture | undefined => useContext(Saving);
