package language

import "strings"

// commaDecimals are the languages that write 12,5 and 1.200.
var commaDecimals = map[Language]bool{German: true, French: true, Spanish: true, Italian: true, Dutch: true, Portuguese: true}

// weakNumbers are words, not numbers, when they stand alone.
var weakNumbers = map[Language]map[string]bool{
	English: set("one first second a zero"), German: set("ein eine eins erste"), French: set("un une"), Spanish: set("un una uno"),
	Italian: set("un una uno sei"), Dutch: set("een één"), Portuguese: set("um uma"),
}

// numberLinks may stand within a number, pointWords before its decimals.
var (
	numberLinks = map[Language]map[string]bool{
		English: set("and"), German: set("und"), French: set("et"), Spanish: set("y"), Dutch: set("en"), Portuguese: set("e"),
	}
	pointWords = map[Language]map[string]bool{
		English: set("point dot"), German: set("komma"), French: set("virgule"), Spanish: set("coma"), Italian: set("virgola"),
		Dutch: set("komma"), Portuguese: set("vírgula"),
	}
)

var numberWords = map[Language]map[string]float64{
	English: numerals(`zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
		eighteen nineteen`, `twenty thirty forty fifty sixty seventy eighty ninety`, `- first second third fourth fifth sixth seventh eighth
		ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth`,
		map[string]float64{"hundred": 100, "hundreds": 100, "thousand": 1000, "million": 1e6, "billion": 1e9, "bn": 1e9, "dozen": 12, "thirtieth": 30}, nil),
	German: numerals(`null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn
		achtzehn neunzehn`, `zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig`, ``,
		map[string]float64{"hundert": 100, "tausend": 1000, "million": 1e6, "millionen": 1e6, "milliarde": 1e9, "milliarden": 1e9},
		func(unit, ten string) string { return strings.TrimSuffix(unit, "s") + suffixS(unit) + "und" + ten }),
	French: numerals(`zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit
		dix-neuf`, `vingt trente quarante cinquante soixante septante huitante nonante`, ``,
		map[string]float64{"vingts": 20, "cent": 100, "cents": 100, "mille": 1000, "million": 1e6, "millions": 1e6, "milliard": 1e9, "milliards": 1e9}, nil),
	Spanish: numerals(`cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete
		dieciocho diecinueve`, `veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa`, ``,
		map[string]float64{"cien": 100, "ciento": 100, "mil": 1000, "millón": 1e6, "millones": 1e6, "veintiuno": 21, "veintidós": 22, "veintitrés": 23,
			"veinticuatro": 24, "veinticinco": 25, "veintiséis": 26, "veintisiete": 27, "veintiocho": 28, "veintinueve": 29}, nil),
	Italian: numerals(`zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici
		diciassette diciotto diciannove`, `venti trenta quaranta cinquanta sessanta settanta ottanta novanta`, ``,
		map[string]float64{"cento": 100, "mille": 1000, "mila": 1000, "milione": 1e6, "milioni": 1e6, "miliardo": 1e9, "miliardi": 1e9},
		func(unit, ten string) string {
			if strings.ContainsAny(unit[:1], "uo") {
				ten = ten[:len(ten)-1]
			}
			return ten + unit
		}),
	Dutch: numerals(`nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien achttien
		negentien`, `twintig dertig veertig vijftig zestig zeventig tachtig negentig`, ``,
		map[string]float64{"één": 1, "honderd": 100, "duizend": 1000, "miljoen": 1e6, "miljard": 1e9},
		func(unit, ten string) string {
			if strings.HasSuffix(unit, "e") {
				return unit + "ën" + ten
			}
			return unit + "en" + ten
		}),
	Portuguese: numerals(`zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis dezessete dezoito
		dezenove`, `vinte trinta quarenta cinquenta sessenta setenta oitenta noventa`, ``,
		map[string]float64{"duas": 2, "cem": 100, "cento": 100, "mil": 1000, "milhão": 1e6, "milhões": 1e6, "bilhão": 1e9}, nil),
}

// suffixS keeps the s of "sechs", which "eins" loses in "einundzwanzig".
func suffixS(unit string) string {
	if unit == "sechs" {
		return "s"
	}
	return ""
}

// numerals builds the table of a language: the words for 0 to 19, those for 20 to 90, its ordinals from 0, further words, and
// how a unit and a ten become one word where they do.
func numerals(units, tens, ordinals string, more map[string]float64, compound func(unit, ten string) string) map[string]float64 {
	m := map[string]float64{}
	for i, w := range strings.Fields(units) {
		m[w] = float64(i)
	}
	for i, w := range strings.Fields(tens) {
		m[w] = float64(20 + 10*i)
		for k, unit := range strings.Fields(units)[1:10] {
			if compound != nil {
				m[compound(unit, w)] = float64(20 + 10*i + k + 1)
			}
		}
	}
	for i, w := range strings.Fields(ordinals) {
		m[w] = float64(i)
	}
	for w, v := range more {
		m[w] = v
	}
	return m
}
