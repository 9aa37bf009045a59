// @ts-check
// What every page does to stay current.

import { startMark } from "./mark.js";
import { startRegions } from "./regions.js";

startMark();
startRegions();
