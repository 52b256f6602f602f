// Next replaces "server-only"; outside of Next there is nothing to guard.
export {};
