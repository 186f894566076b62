// What the page says, in both languages; names of emotions come from the server.
export const WORDS = {
  en: {
    live: "live", language: "Language", picture: "The picture, with what the faces show",
    camera: "Camera", mirror: "Mirror", cover: "Cover faces", record: "Record", again: "Try again",
    now: "The largest face now", minute: "The last minute", ago: "1 minute ago", present: "now",
    kept: "Frames go to this computer’s own server and are not kept.",
    keptRecording: "While it is recorded, tables of what faces show are written; never the pictures.",
    honest: "An expression is not a feeling.",
    starting: "Waiting for the camera. Your browser may ask whether it may be used.",
    opening: "Opening the video.",
    nocamera: "No camera was found. Connect one, and try again.",
    refused: "The camera was refused. Allow it for this page, beside the address, and try again.",
    busy: "The camera cannot be opened: another program may be using it. Close that, and try again.",
    insecure: "Browsers give the camera only to pages of this computer or over https. Open the address that ferbeam live has printed.",
    gone: "The server has ended. Start ferbeam live again, and open the address that it prints.",
    elsewhere: "The page was opened in another tab, which has the camera now.",
    ended: "The video is over.", noface: "no face", recorded: "recording: {count} frames into {folder}", unrecorded: "recording has ended: {reason}",
    speed: "{rate} frames/s · {ms} ms", pace: "{rate} frames/s", cameraNumber: "Camera {number}",
  },
  fr: {
    live: "en direct", language: "Langue", picture: "L’image, avec ce que montrent les visages",
    camera: "Caméra", mirror: "Miroir", cover: "Masquer les visages", record: "Enregistrer", again: "Réessayer",
    now: "Le plus grand visage en ce moment", minute: "La dernière minute", ago: "il y a 1 minute", present: "maintenant",
    kept: "Les images vont au serveur de cet ordinateur et ne sont pas conservées.",
    keptRecording: "Pendant l’enregistrement, des tables de ce que montrent les visages sont écrites ; jamais les images.",
    honest: "Une expression n’est pas un sentiment.",
    starting: "En attente de la caméra. Votre navigateur demande peut-être si elle peut être utilisée.",
    opening: "Ouverture de la vidéo.",
    nocamera: "Aucune caméra n’a été trouvée. Branchez-en une et réessayez.",
    refused: "La caméra a été refusée. Autorisez-la pour cette page, à côté de l’adresse, et réessayez.",
    busy: "La caméra ne s’ouvre pas : un autre programme l’utilise peut-être. Fermez-le et réessayez.",
    insecure: "Les navigateurs ne donnent la caméra qu’aux pages de cet ordinateur ou en https. Ouvrez l’adresse que ferbeam live a affichée.",
    gone: "Le serveur s’est arrêté. Relancez ferbeam live et ouvrez l’adresse qu’il affiche.",
    elsewhere: "La page a été ouverte dans un autre onglet, qui a maintenant la caméra.",
    ended: "La vidéo est terminée.", noface: "aucun visage", recorded: "enregistrement : {count} images dans {folder}", unrecorded: "l’enregistrement s’est arrêté : {reason}",
    speed: "{rate} images/s · {ms} ms", pace: "{rate} images/s", cameraNumber: "Caméra {number}",
  },
};

export function percentOf(share, lang) {
  return `${Math.min(99, Math.round(100 * share))}${lang === "fr" ? "\u202f%" : "%"}`; // never wholly sure
}

export function say(lang, word, values = {}) {
  return WORDS[lang][word].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
