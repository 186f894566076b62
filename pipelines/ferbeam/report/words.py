"""What the report says, in English and in French; the only place with words of its pages."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "report": ("Expression report", "Rapport d’expressions"),
    "analysed": ("Analysed on {date}", "Analysé le {date}"),
    "by_model": ("model {name}", "modèle {name}"),
    "samples_per_s": ("{fps} samples per second", "{fps} échantillons par seconde"),
    "samples_all": ("every frame sampled", "toutes les images échantillonnées"),
    "detector": ("detector {name}", "détecteur {name}"),
    "covered": (
        "Faces are covered in every picture shown here.",
        "Les visages sont masqués sur toutes les images montrées ici.",
    ),
    "media": ("Media", "Médias"),
    "one_video": ("1 video", "1 vidéo"),
    "many_videos": ("{count} videos", "{count} vidéos"),
    "one_picture": ("1 picture", "1 image"),
    "many_pictures": ("{count} pictures", "{count} images"),
    "sampled": ("Sampled frames", "Images échantillonnées"),
    "with_faces": ("With a face", "Avec un visage"),
    "of_frames": ("{count} sampled frames", "{count} images échantillonnées"),
    "faces": ("Faces", "Visages"),
    "in_videos": ("people in videos: {count}", "personnes dans les vidéos : {count}"),
    "failed": ("Failures", "Échecs"),
    "failed_is": ("could not be read or done", "illisibles ou inachevés"),
    "lost": ("frames lost: {count}", "images perdues : {count}"),
    "none_lost": ("no frame lost", "aucune image perdue"),
    "jump": ("Sections", "Sections"),
    "summary": ("Summary", "Synthèse"),
    "videos": ("Videos", "Vidéos"),
    "pictures": ("Pictures", "Images"),
    "cohort": ("What they showed", "Ce qu’ils ont montré"),
    "people": ("People", "Personnes"),
    "failures": ("Failures", "Échecs"),
    "only_clear": (
        "Only faces that are seen well are counted: {left_out} of {faces} ({share}) are left out, "
        "{turned} turned aside and {blurred} blurred.",
        "Seuls les visages bien visibles sont comptés : {left_out} sur {faces} ({share}) sont "
        "écartés, {turned} détournés et {blurred} flous.",
    ),
    "limits": ("What these figures are not", "Ce que ces chiffres ne sont pas"),
    "share_of_time": (
        "How the followed faces looked: share of the time in which they were seen",
        "L’air des visages suivis : part du temps où ils ont été vus",
    ),
    "share_of_pictures": (
        "How the faces in the pictures looked: share of the faces",
        "L’air des visages dans les images : part des visages",
    ),
    "positive": ("Positive", "Positif"),
    "neutral": ("Neutral", "Neutre"),
    "negative": ("Negative", "Négatif"),
    "surprise": ("Surprise", "Surprise"),
    "positive_is": ("happy", "joie"),
    "negative_is": ("angry, disgust, fear, sad", "colère, dégoût, peur, tristesse"),
    "surprise_is": ("apart: pleasant or not", "à part : agréable ou non"),
    "not_a_measure": (
        "This is how faces looked to a model, not what people felt, and it is no measure of "
        "satisfaction: people smile out of politeness and concentrate with a frown. It says "
        "nothing about the time in which no face was seen.",
        "C’est l’air qu’avaient les visages pour un modèle, pas ce que les gens ressentaient, et "
        "ce n’est pas une mesure de satisfaction : on sourit par politesse, on fronce les sourcils "
        "en se concentrant. Rien n’est dit du temps où aucun visage n’a été vu.",
    ),
    "no_faces_at_all": ("No face was found.", "Aucun visage n’a été trouvé."),
    "nothing": (
        "The run found no picture or video that opens.",
        "L’analyse n’a trouvé ni image ni vidéo lisible.",
    ),
    "track": ("Person {number}", "Personne {number}"),
    "measure": ("Curve of", "Courbe de"),
    "marker": ("Stretch", "Séquence"),
    "markers": ("Stretches of the stimulus", "Séquences du stimulus"),
    "whole": ("all", "tout"),
    "group": ("Group", "Groupe"),
    "viewers": ("Viewers", "Spectateurs"),
    "viewer": ("Viewer", "Spectateur"),
    "coverage": ("Face seen", "Visage vu"),
    "group_means": (
        "Mean over the viewers of each group, in per cent; in brackets its 95 % t-interval.",
        "Moyenne des spectateurs de chaque groupe, en pour cent ; entre parenthèses, son "
        "intervalle t à 95 %.",
    ),
    "group_differences": (
        "Below them the difference of two groups in percentage points, its 95 % interval and the p "
        "of a permutation test; * and the thick line under the curve: p below 0.05, corrected over "
        "all stretches, or all seconds, of the measure, not over the measures: choose yours before "
        "you look.",
        "En dessous, la différence de deux groupes en points, son intervalle à 95 % et le p d’un "
        "test par permutation ; * et le trait épais sous la courbe : p inférieur à 0,05, corrigé "
        "pour toutes les séquences, ou toutes les secondes, de la mesure, pas pour les mesures : "
        "choisissez la vôtre avant de regarder.",
    ),
    "save_curves": ("Save the curves (CSV)", "Enregistrer les courbes (CSV)"),
    "save_table": ("Save this table (CSV)", "Enregistrer ce tableau (CSV)"),
    "main_person": ("main", "principale"),
    "name": ("Name", "Nom"),
    "exclude": ("Leave out", "Écarter"),
    "same_person": (
        "joined with the first of this name",
        "réunie avec la première de ce nom",
    ),
    "left_out_person": ("left out", "écarté"),
    "people_says": (
        "The main person of a video, seen for longest, is the one of the curves. Leave out a "
        "passer-by, or give a name, the same to who came back as another person; then save the "
        "corrections, and run ferbeam report OUTPUT --corrections corrections.csv: OUTPUT "
        "remembers them, all views obey, and no row is changed. What is unmade here and saved "
        "again is as before. In the tables Person 1 is person_id 0.",
        "La personne principale d’une vidéo, vue le plus longtemps, est celle des courbes. Écartez "
        "un passant, ou donnez un nom, le même à qui est revenu comme une autre personne ; puis "
        "enregistrez les corrections et lancez ferbeam report OUTPUT --corrections "
        "corrections.csv : OUTPUT les retient, toutes les vues en tiennent compte, et aucune ligne "
        "n’est changée. Ce qui est défait ici et enregistré de nouveau redevient comme avant. Dans "
        "les tables, Personne 1 est person_id 0.",
    ),
    "save_corrections": ("Save the corrections", "Enregistrer les corrections"),
    "brief_people": (
        "Also show {count} seen for less than {share} of their video",
        "Afficher aussi {count} personnes vues moins de {share} de leur vidéo",
    ),
    "more_people": (
        '{count} more are in the tables: ferbeam query OUTPUT "FROM people".',
        '{count} autres sont dans les tables : ferbeam query OUTPUT "FROM people".',
    ),
    "frames_of": ("{count} frames sampled", "{count} images échantillonnées"),
    "face_in": ("a face in {share}", "un visage dans {share}"),
    "one_person": ("1 person", "1 personne"),
    "many_people": ("{count} people", "{count} personnes"),
    "no_face": ("No face was found in it.", "Aucun visage n’y a été trouvé."),
    "no_copy": (
        "No annotated copy: the run was made without.",
        "Pas de copie annotée : l’analyse n’en a pas fait.",
    ),
    "gone": (
        "The annotated copy cannot be played: keep this page beside the folder annotated/.",
        "La copie annotée ne peut pas être lue : gardez cette page à côté du dossier annotated/.",
    ),
    "timeline_of": ("Timeline of {name}", "Chronologie de {name}"),
    "timeline_help": (
        "Click or drag to move the video. With the timeline focused: arrow keys step, "
        "Page Up and Page Down jump, Enter plays and pauses.",
        "Cliquez ou glissez pour déplacer la vidéo. La chronologie sélectionnée : les flèches "
        "avancent pas à pas, Page préc. et Page suiv. sautent, Entrée lance et arrête la lecture.",
    ),
    "timeline_scores": (
        "Height: mean score of each emotion, smoothed as in the video. A gap: this person’s face "
        "was not found then.",
        "Hauteur : score moyen de chaque émotion, lissé comme dans la vidéo. Un vide : le visage "
        "de cette personne n’a pas été trouvé à ce moment.",
    ),
    "show_only": ("Show only", "Ne montrer que"),
    "not_seen": ("not seen", "pas vue"),
    "more_tracks": (
        "{count} more people, seen for a shorter time, are in the table only.",
        "{count} autres personnes, vues moins longtemps, ne sont que dans le tableau.",
    ),
    "more_rows": (
        '{count} more are in the tables: ferbeam query OUTPUT "FROM people".',
        '{count} autres sont dans les tables : ferbeam query OUTPUT "FROM people".',
    ),
    "person": ("Person", "Personne"),
    "seen": ("Seen", "Vu"),
    "expressions": ("Expressions", "Expressions"),
    "sheet": ("Contact sheet", "Planche-contact"),
    "sheet_of": (
        "The most expressive moment of each person in {name}",
        "Le moment le plus expressif de chaque personne de {name}",
    ),
    "cohort_needs": (
        "Of use where all these people saw the same thing, from the start of their videos; of "
        "other videos it is a mean without a meaning. To shift and group them, fill in what "
        "ferbeam viewers OUTPUT > viewers.csv writes, then ferbeam report OUTPUT --viewers "
        "viewers.csv.",
        "Utile si toutes ces personnes ont vu la même chose, dès le début de leurs vidéos ; "
        "d’autres vidéos, c’est une moyenne sans signification. Pour les décaler et les grouper, "
        "remplissez ce qu’écrit ferbeam viewers OUTPUT > viewers.csv, puis ferbeam report OUTPUT "
        "--viewers viewers.csv.",
    ),
    "cohort_says": (
        "Mean over {count} videos, second by second of the stimulus, each video by its main "
        "person; the band is the 95 % t-interval of the mean.",
        "Moyenne de {count} vidéos, seconde par seconde du stimulus, chaque vidéo par sa personne "
        "principale ; la bande est l’intervalle t à 95 % de la moyenne.",
    ),
    "cohort_bins": (
        "Drawn in steps of {seconds} s, the mean of their seconds.",
        "Tracé par pas de {seconds} s, la moyenne de leurs secondes.",
    ),
    "over_all": ("Over all, in per cent:", "Sur l’ensemble, en pour cent :"),
    "with_a_face": ("Videos with a face", "Vidéos avec un visage"),
    "everyone": ("all", "tous"),
    "curve_of": ("{name}: mean and interval", "{name} : moyenne et intervalle"),
    "no_face_in_picture": ("no face", "aucun visage"),
    "unread_picture": ("could not be read", "n’a pas pu être lue"),
    "copy_of": ("{name}, with its annotations", "{name}, avec ses annotations"),
    "video": ("Video", "Vidéo"),
    "medium": ("Medium", "Médium"),
    "stage": ("Stage", "Étape"),
    "at": ("At", "À"),
    "what": ("What is wrong", "Ce qui ne va pas"),
    "no_failures": ("None: all media could be read.", "Aucun : tous les médias ont été lus."),
    "more_failures": (
        "{count} more are listed in the table failures/.",
        "{count} autres sont dans la table failures/.",
    ),
    "find": ("Find by name", "Chercher par nom"),
    "sort": ("Order by", "Trier par"),
    "by_name": ("Name", "Nom"),
    "length": ("Length", "Durée"),
    "face_seen": ("With a face", "Avec un visage"),
    "earlier": ("Earlier", "Précédent"),
    "later": ("Later", "Suivant"),
    "shown_of": ("{first} to {last} of {all}", "{first} à {last} sur {all}"),
    "none_found": ("No name holds this.", "Aucun nom ne contient cela."),
    "all_media": ("All media", "Tous les médias"),
    "picture_pages": ("Pages of pictures", "Pages d’images"),
    "needs_script": (
        "JavaScript is switched off here: timelines do not move videos, and long lists stay empty.",
        "JavaScript est désactivé ici : les chronologies ne déplacent pas les vidéos, et les "
        "longues listes restent vides.",
    ),
    "beside": (
        "Videos and pictures are not inside this page: it shows those in annotated/ and sheets/ "
        "beside it. Nothing is loaded from or sent to the network.",
        "Les vidéos et les images ne sont pas dans cette page : elle montre celles de annotated/ "
        "et sheets/ à côté d’elle. Rien n’est chargé du réseau ni envoyé.",
    ),
    "agreement": ("Agreement with people", "Accord avec des personnes"),
    "agreement_of": (
        "{videos} videos, {minutes} minutes; a face in {seen} of the time",
        "{videos} vidéos, {minutes} minutes ; un visage pendant {seen} du temps",
    ),
    "coded_by": ("coded by {coders}", "codé par {coders}"),
    "agree_all": (
        "All together: of kappa and alpha, the agreement of the labels beyond chance, as of one "
        "scale of seven; of ICC, that of the seven variances.",
        "Toutes ensemble : pour kappa et alpha, l’accord des étiquettes au-delà du hasard, comme "
        "sur une échelle de sept ; pour CCI, celui des sept variances.",
    ),
    "expression": ("Expression", "Expression"),
    "all_emotions": ("all together", "toutes ensemble"),
    "agree_kappa": ("Cohen’s kappa", "kappa de Cohen"),
    "agree_alpha": ("Krippendorff’s alpha", "alpha de Krippendorff"),
    "agree_icc": ("ICC(A,1)", "CCI(A,1)"),
    "agree_f1": ("F1 of events", "F1 des événements"),
    "agree_kappa_of_people": ("kappa among people", "kappa entre personnes"),
    "agree_says": (
        "In brackets the 95 % interval of a bootstrap over videos. Kappa and F1: the run beside "
        "each coder; alpha: all of them; ICC: scores beside the mean of the coders. Events may "
        "miss each other by {tolerance} ms. Time without a face is left out.",
        "Entre parenthèses, l’intervalle à 95 % d’un bootstrap sur les vidéos. Kappa et F1 : "
        "l’analyse face à chaque codeur ; alpha : tous ensemble ; CCI : les scores face à la "
        "moyenne des codeurs. Les événements peuvent se manquer de {tolerance} ms. Le temps sans "
        "visage est écarté.",
    ),
    "left_out": ("Left out:", "Écarté :"),
    "worst": ("Where they disagree most", "Là où ils divergent le plus"),
    "no_worst": ("They never disagree.", "Ils ne divergent jamais."),
    "people_say": ("People:", "Personnes :"),
    "run_says": ("ferbeam:", "ferbeam :"),
    "people_err": (
        "People err, too: where two coders are given, their own agreement is what a machine can "
        "reach.",
        "Les gens se trompent aussi : avec deux codeurs, leur propre accord est ce qu’une machine "
        "peut atteindre.",
    ),
    "made_by": ("Made by ferbeam{version}.", "Fait par ferbeam{version}."),
    "card": (
        "The model {name} was measured on {pictures} faces that ten people each had judged: its "
        "answer is that of the majority on {accuracy}. By emotion, so many of them are recognised:",
        "Le modèle {name} a été mesuré sur {pictures} visages jugés chacun par dix personnes : sa "
        "réponse est celle de la majorité pour {accuracy}. Par émotion, il en reconnaît tant :",
    ),
    "card_faces": ("of {count}", "sur {count}"),
    "own_model": (
        "The model {name} ({sha256}) is not the one that ferbeam ships: its own card says what it "
        "can do.",
        "Le modèle {name} ({sha256}) n’est pas celui que ferbeam fournit : sa propre fiche dit ce "
        "qu’il sait faire.",
    ),
}

LIMITS: tuple[tuple[str, str], ...] = (
    (
        "An expression is not a feeling: people smile without joy and grieve without a frown, and "
        "ten people who look at one face often disagree.",
        "Une expression n’est pas un sentiment : on sourit sans joie, on souffre sans grimace, et "
        "dix personnes qui regardent un visage sont souvent en désaccord.",
    ),
    (
        "Seven emotions do not measure attention, engagement, stress or truthfulness. Do not "
        "decide about a person by this page.",
        "Sept émotions ne mesurent ni l’attention, ni l’intérêt, ni le stress, ni la sincérité. Ne "
        "décidez rien au sujet d’une personne d’après cette page.",
    ),
    (
        "Faces turned aside, covered, small or blurred are missed or misread more often.",
        "Les visages tournés, couverts, petits ou flous sont plus souvent manqués ou mal lus.",
    ),
    (
        "Errors are likely to differ between groups by age, gender and skin tone, and nobody has "
        "measured how much: do not compare such groups.",
        "Les erreurs diffèrent sans doute selon l’âge, le genre et la couleur de peau, et personne "
        "n’a mesuré combien : ne comparez pas de tels groupes.",
    ),
    (
        "Some uses are forbidden by law: the EU’s AI Act bans inferring emotions at work and in "
        "education, with few exceptions. Ask the people you film.",
        "Certains usages sont interdits : le règlement européen sur l’IA proscrit, sauf rares "
        "exceptions, d’inférer les émotions au travail et à l’école. Demandez leur accord aux "
        "personnes filmées.",
    ),
)

STAGE_WORDS = {
    "list": ("list", "liste"),
    "probe": ("open", "ouverture"),
    "decode": ("decode", "décodage"),
    "detect": ("detect", "détection"),
    "classify": ("classify", "classement"),
    "render": ("render", "rendu"),
}
