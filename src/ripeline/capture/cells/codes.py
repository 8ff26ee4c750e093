"""Countries, languages and currencies by their codes, however a file names them."""

import contextlib
import re
from functools import cache, lru_cache

from phonenumbers import SUPPORTED_REGIONS

from ripeline.capture.cells.text import BadValueError, key, words


def _by_name(table: str) -> dict[str, str]:
    """{"deutsch": "de"} from "de=german|deutsch; …"."""
    pairs = (entry.split("=") for entry in " ".join(table.split()).split("; "))
    return {name: code for code, names in pairs for name in names.split("|")}


_COUNTRY_ALIASES = _by_name("""
US=usa|u s a|u s|united states of america|america|eua|eeuu|ee uu; GB=uk|u k|great
britain|england|scotland|wales|northern ireland|gbr; NL=holland|the netherlands|nld|ned; KR=korea|republic of
korea|kor; RU=russian federation|rus; CZ=czech republic|cze; TR=turkey|turkiye|tur; CI=ivory coast; VN=viet
nam|vnm; HK=hong kong|hkg; MO=macau; AE=uae|are; DE=brd|deutschland|deu|ger; AT=aut; CH=che|sui; FR=fra; ES=esp;
IT=ita; PT=prt|por; BE=bel; LU=lux; IE=irl; DK=dnk; SE=swe; NO=nor; FI=fin; IS=isl; PL=pol; SK=svk; SI=svn;
HR=hrv; HU=hun; RO=rou; BG=bgr; GR=grc; UA=ukr; CA=can; MX=mex; BR=bra; AR=arg; CL=chl; CO=col; PE=per; AU=aus;
NZ=nzl; JP=jpn; CN=chn; IN=ind; SG=sgp; TW=twn; IL=isr; SA=sau; ZA=zaf; EG=egy; NG=nga; KE=ken; ID=idn; MY=mys;
TH=tha; PH=phl; EE=est; LV=lva; LT=ltu; MT=mlt; CY=cyp; RS=srb; DE=d; AT=a; FR=f; IT=i;
ES=e; BE=b; LU=l; PT=p; SE=s; NO=n; HU=h; LI=fl; SI=slo
""")
_LANGUAGES = _by_name("""
en=english|englisch|anglais|ingles|inglese|engels; de=german|deutsch|allemand|aleman|alemao|tedesco|duits;
fr=french|franzosisch|francais|frances|francese|frans; es=spanish|spanisch|espagnol|espanol|espanhol|spagnolo;
pt=portuguese|portugiesisch|portugais|portugues|portoghese; it=italian|italienisch|italien|italiano;
nl=dutch|niederlandisch|neerlandais|nederlands|holandes|olandese; pl=polish|polnisch|polonais|polski|polaco;
cs=czech|tschechisch|cestina; sk=slovak|slovakisch; sv=swedish|schwedisch|svenska; da=danish|danisch|dansk;
no=norwegian|norwegisch|norsk; fi=finnish|finnisch|suomi; hu=hungarian|ungarisch|magyar;
ro=romanian|rumanisch|romana; bg=bulgarian; el=greek|griechisch; tr=turkish|turkisch|turkce;
ru=russian|russisch|russe|ruso; uk=ukrainian|ukrainisch; ar=arabic|arabisch|arabe; he=hebrew;
zh=chinese|chinesisch|chinois|chino; ja=japanese|japanisch|japonais|japones; ko=korean|koreanisch; hi=hindi;
id=indonesian; th=thai; vi=vietnamese; ca=catalan|catala; hr=croatian|hrvatski
""")
CURRENCIES = words("""
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK
HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL
MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON
RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH
UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
""")
_SIGNS = _by_name("""
EUR=€|euro|euros; USD=$|us$|dollar|dollars; GBP=£|pounds; JPY=¥|円; INR=₹; RUB=₽; TRY=₺; UAH=₴; KRW=₩; ILS=₪;
THB=฿; VND=₫; NGN=₦; PHP=₱; BRL=r$|reais; CAD=c$|ca$; AUD=a$|au$; NZD=nz$; HKD=hk$; SGD=s$; MXN=mx$; PLN=zł;
CZK=kč; HUF=ft; RON=lei; CHF=fr|fr.|sfr|sfr.; SEK=kr; DKK=kr.; CNY=rmb|元
""")
_SHARED_SIGNS = {
    "$": {"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "ARS", "CLP", "COP", "TWD"},
    "kr": {"SEK", "NOK", "DKK", "ISK"},
    "kr.": {"SEK", "NOK", "DKK", "ISK"},
    "¥": {"JPY", "CNY"},
}


@cache
def _country_names() -> dict[str, str]:
    """Names in the main languages, by their reduced form; loading them takes a third of a second."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    names: dict[str, str] = {}
    for code, by_language in LOCALE_DATA.items():
        for language in ("en", "de", "fr", "es", "pt", "it", "nl", "pl", "sv", "da", "cs"):
            name = by_language.get(language, "")
            name = by_language.get(name[1:], "") if name.startswith("*") else name  # "*aa": as in that language
            if len(code) == 2 and name:
                names.setdefault(key(name), code)
    return {**names, **_COUNTRY_ALIASES}


def country(text: str) -> str:
    """The ISO 3166 code of a country given by code or name in a European language; BadValueError if it is neither."""
    if text.upper() in SUPPORTED_REGIONS:
        return text.upper()
    found = _country_names().get(key(text))
    if not found:
        raise BadValueError(f"“{text[:40]}” is not a country we know: write a code like DE")
    return found


def language(text: str) -> str:
    """The ISO 639-1 code of a language given by code ("en", "en-GB") or name; BadValueError if it is neither."""
    word = key(text)
    code = word.partition(" ")[0]
    found = _LANGUAGES.get(word) or _LANGUAGES.get(code) or (code if code in _LANGUAGES.values() else "")
    if not found:
        raise BadValueError(f"“{text[:40]}” is not a language we know: write a code like de")
    return found


_IN_HEADING = re.compile(  # Wert (EUR), Value in EUR, Betrag EUR, Umsatz €
    r"(?P<before>.*?\S)\s*"
    r"(?:[(\[]\s*(?:in )?(?P<a>[A-Za-z]{3}|[€£$¥])\s*[)\]]|\bin (?P<b>[A-Za-z]{3}|[€£$¥])|[ _-](?P<c>[A-Z]{3})"
    r"|(?P<d>[€£$¥]))"
)


_PLAIN_IN_HEADING = words(  # the rest only in brackets: ALL, TOP and TRY are words
    "EUR USD GBP CHF SEK NOK DKK PLN CZK HUF JPY CAD AUD NZD BRL INR CNY MXN ZAR SGD HKD"
)


@lru_cache(maxsize=1000)
def currency_of_heading(label: str, *, usual: str = "") -> tuple[str, str]:
    """("Wert", "EUR") of a column “Wert (EUR)”, “Wert in EUR” or “Wert €”; (label, "") of any other."""
    if found := _IN_HEADING.fullmatch(label.strip()):
        sign = next(each for each in found.group("a", "b", "c", "d") if each)
        if not found["a"] and sign.isalpha() and sign.upper() not in _PLAIN_IN_HEADING:
            return label, ""
        with contextlib.suppress(BadValueError):
            return found["before"], currency(sign, usual=usual)
    return label, ""


def currency(text: str, *, usual: str = "") -> str:
    """The ISO 4217 code of a currency given by code or sign; BadValueError if it is neither.

    A sign of several currencies, like $, means `usual` if that is one of them.
    """
    sign = text.strip().lower()
    if sign.upper() in CURRENCIES:
        return sign.upper()
    if sign not in _SIGNS:
        raise BadValueError(f"“{text[:20]}” is not a currency we know: write a code like EUR")
    return usual if usual in _SHARED_SIGNS.get(sign, ()) else _SIGNS[sign]
