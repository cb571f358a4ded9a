package inference

import "strings"

// tongues are the names by which OpenAI's requests call the languages of Whisper, where they differ from ISO 639's codes.
const tongues = `afrikaans af albanian sq amharic am arabic ar armenian hy assamese as azerbaijani az bashkir ba basque eu
	belarusian be bengali bn bosnian bs breton br bulgarian bg burmese my cantonese yue catalan ca chinese zh croatian hr
	czech cs danish da dutch nl english en estonian et faroese fo finnish fi french fr galician gl georgian ka german de
	greek el gujarati gu haitian ht hausa ha hawaiian haw hebrew he hindi hi hungarian hu icelandic is indonesian id
	italian it japanese ja javanese jw kannada kn kazakh kk khmer km korean ko lao lo latin la latvian lv lingala ln
	lithuanian lt luxembourgish lb macedonian mk malagasy mg malay ms malayalam ml maltese mt maori mi marathi mr
	mongolian mn nepali ne norwegian no nynorsk nn occitan oc pashto ps persian fa polish pl portuguese pt punjabi pa
	romanian ro russian ru sanskrit sa serbian sr shona sn sindhi sd sinhala si slovak sk slovenian sl somali so spanish es
	sundanese su swahili sw swedish sv tagalog tl tajik tg tamil ta tatar tt telugu te thai th tibetan bo turkish tr
	turkmen tk ukrainian uk urdu ur uzbek uz vietnamese vi welsh cy yiddish yi yoruba yo mandarin zh`

// languageCode returns the code of a language that a server named by code or by its English name, "" for an unknown one.
func languageCode(said string) string {
	said = strings.ToLower(strings.TrimSpace(said))
	if len(said) <= 3 {
		return said
	}
	words := strings.Fields(tongues)
	for i := 0; i+1 < len(words); i += 2 {
		if words[i] == said {
			return words[i+1]
		}
	}
	first, _, tagged := strings.Cut(said, "-")
	if tagged && len(first) <= 3 {
		return first
	}
	return ""
}
