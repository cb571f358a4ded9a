// Pages with nothing of their own.

import { start } from "./shell";

start();
