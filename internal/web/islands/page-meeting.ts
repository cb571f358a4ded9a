// The meeting page: chips, transcript, player and the forms of lines.

import { one } from "./dom";
import { bind } from "./keys";
import { watchLineForms } from "./lineform";
import { Player } from "./player";
import { start } from "./shell";
import { Transcript } from "./transcript";

const section = one("[data-player]");
const player = section ? new Player(section) : null;
const transcript = new Transcript(player, section?.dataset["words"] ?? "");

bind(
  { group: "This meeting", keys: "j", label: "Next turn", run: () => transcript.step(1) },
  { group: "This meeting", keys: "k", label: "Previous turn", run: () => transcript.step(-1) },
  { group: "This meeting", keys: "a", label: "Approve the minutes", run: () => one("[data-key=approve]")?.focus() },
  { group: "This meeting", keys: "p", label: "Print the minutes", run: () => window.print() },
);
if (player) {
  bind(
    { group: "Player", keys: "space", label: "Play or pause", run: () => player.toggle() },
    { group: "Player", keys: "ArrowLeft", label: "Back 10 seconds", run: () => player.skip(-10_000) },
    { group: "Player", keys: "ArrowRight", label: "Forward 10 seconds", run: () => player.skip(10_000) },
    { group: "Player", keys: ",", label: "Slower", run: () => player.faster(-1) },
    { group: "Player", keys: ".", label: "Faster", run: () => player.faster(1) },
  );
}
watchLineForms();
start();
