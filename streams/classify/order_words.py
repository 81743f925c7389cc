# ruff: noqa: RUF001
"""The words that orders to a model are made of, by language: data for ``suspicion.py``.

Small letters, Latin ones without accents, and no punctuation: texts are folded in the same way. A
star stands for any ending; in languages that put no spaces between words every word has one.
"""

from typing import NamedTuple


class Words(NamedTuple):
    """Parts of an order, with commas between the words."""

    everyone: str
    """All, every, other, remaining, following."""
    tickets: str
    """Tickets, messages, requests."""
    verbs: str
    """Ignore, forget; answer, print, repeat."""
    objects: str
    """Instructions, rules, the prompt, what stands above; a format."""
    phrases: str
    """What is enough by itself: say nothing, stop after this ticket, leave out the others."""


SPACED = (
    Words(  # English
        "all, every, each, other, others, another, remaining, rest of, following, next, previous, "
        "subsequent",
        "ticket*, message, messages, request, requests, inquir*, entries, customers",
        "ignore, disregard, forget, override, bypass, answer, respond, reply, output, print, "
        "repeat, reveal, show me, write, return, obey, follow, say",
        "instructions, prompt, your rules, previous rules, the rules, guidelines, above, json, "
        "xml, yaml, csv, poem, plain english, plain text, plain words, sentences, everything, "
        "array, category, confidence",
        "system prompt, system message, new instructions, your instructions, your prompt, "
        "your output, instead of classifying, you are now, now you are, role playing, do not "
        "answer, don t answer, do not classify, don t classify, do not respond, don t respond, "
        "say nothing, after this ticket, "
        "after this one, after this message, leave out, only this ticket, only this one, only this "
        "message, tickets below, tickets above, tickets after, tickets before, messages below, "
        "classify this, classify it, classify all, classify them, classify every*, classify as, "
        "the category is, the category must, new category, this classifier, everything above",
    ),
    Words(  # German
        "alle, allen, aller, jede*, ander*, ubrig*, restlich*, folgend*, nachst*, vorig*, weitere*",
        "nachricht*, anfrage*, meldung*",
        "ignorier*, vergiss*, missacht*, antwort*, gib, zeig*, drucke*, wiederhol*, schreib*, "
        "befolg*",
        "anweisung*, vorgaben, regeln, oben, obige*, alles, prompt*, gedicht*",
        "antworte nicht, sag nichts, sage nichts, nach diesem ticket, nur dieses ticket, lass die "
        "ander*, lasse die ander*, uberspring*",
    ),
    Words(  # French
        "tous, tout, toutes, chaque, autre*, suivant*, restant*, precedent*, reste des",
        "demande*, requete*",
        "ignor*, oubli*, repond*, affiche*, montre*, imprime*, repete*, ecris",
        "consigne*, regles, dessus, tout, poeme*",
        "ne reponds pas, ne repondez pas, ne repond pas, ne dis rien, apres ce ticket, seulement "
        "ce ticket, laisse de cote, saute les",
    ),
    Words(  # Spanish
        "todo, todos, toda, todas, cada, otro, otros, otra, otras, demas, siguiente*, restante*, "
        "anterior*, resto de",
        "tique*, mensaje*, solicitud*, consulta*",
        "ignor*, olvid*, respond*, muestra*, imprim*, repit*, escrib*, contest*",
        "instruccion*, reglas, anterior*, arriba, todo, poema*",
        "no respond*, no contest*, no digas, despues de este, solo a este, solo este, omite*, "
        "salta los, salta las",
    ),
    Words(  # Portuguese
        "outro, outros, outra, outras, demais, seguinte*, resto dos",
        "chamado*, mensage*, pedido*, solicitac*",
        "esquec*, mostr*, repita*, escrev*",
        "instruc*, regras, acima, tudo",
        "nao respond*, nao diga*, depois deste, so este, somente este, pule os, omita*",
    ),
    Words(  # Italian
        "tutti, tutte, tutto, ogni, altri, altre, seguent*, rimanent*",
        "messaggi*, richiest*, segnalazion*",
        "dimentica*, rispond*, mostra*, stampa*, ripeti*, scrivi*",
        "istruzion*, regole, sopra, tutto, precedent*, poesia*",
        "non rispond*, non dire, dopo questo ticket, solo questo, solo a questo, ometti*",
    ),
    Words(  # Dutch
        "elk, elke, andere, overige, volgende, vorige, resterend*",
        "bericht*, aanvra*, verzoek*",
        "negeer*, vergeet*, antwoord*, toon, herhaal*, schrijf*",
        "instructie*, regels, hierboven",
        "antwoord niet, zeg niets, na dit ticket, alleen dit ticket, sla de ander*",
    ),
    Words(  # Polish
        "wszystki*, kazd*, inne, inny*, pozostał*, nastepn*, poprzedn*",
        "zgłosz*, bilet*, wiadomosc*",
        "zignoruj*, ignoruj*, zapomnij*, odpowiedz*, pokaz*, wypisz*, powtorz*, napisz*",
        "instrukc*, polecen*, zasady, powyz*, wiersz*",
        "nie odpowiadaj*, po tym zgłosz*, tylko to zgłosz*, pomin*",
    ),
    Words(  # Russian
        "все, всех, всем, кажд*, друг*, остальн*, следующ*, предыдущ*, прочи*",
        "тикет*, заявк*, обращен*, сообщен*, запрос*",
        "игнорир*, проигнор*, забуд*, ответ*, отвеч*, покаж*, выведи*, повтори*, напиши*",
        "инструкц*, правил*, указани*, выше, промпт*, стих*",
        "не отвеча*, ничего не говори*, после этого тикет*, только это, пропусти*, системн*",
    ),
    Words(  # Turkish
        "tum, butun, diger*, kalan*, sonraki*, onceki*, baska",
        "talep*, talebi*, mesaj*, kayıt*",
        "yok say*, gormezden*, unut*, yanıtla*, cevapla*, goster*, yazdır*, tekrarla*",
        "talimat*, kural*, yukarıdaki*, siir*",
        "yanıtlama, cevap verme, bu biletten sonra, sadece bu bilet*",
    ),
    Words(  # Arabic
        "جميع, كل, كافة, باقي, بقية, سائر, الأخرى, التالية",
        "التذاكر, تذاكر, تذكرة, الرسائل, رسائل, الطلبات, طلبات",
        "تجاهل*, انس, أجب, وأجب, اجب, اطبع, اعرض, كرر, اكتب",
        "التعليمات, تعليمات*, القواعد, أعلاه, السابقة, قصيدة",
        "لا تجب, لا ترد, بعد هذه التذكرة, هذه التذكرة فقط, تخط*",
    ),
    Words(  # Hindi
        "सभी, सब, अन्य, बाकी, हर, दूसरे",
        "टिकट*, संदेश*, अनुरोध*",
        "अनदेखा, नज़रअंदाज़, भूल*, उत्तर, जवाब, दिखाओ, लिखो, दोहराओ",
        "निर्देश*, नियम*, ऊपर, कविता",
        "उत्तर मत, जवाब मत, इस टिकट के बाद, केवल इस टिकट, छोड़ दो",
    ),
    Words(  # Korean
        "모든, 모두, 다른, 나머지, 다음, 이전",
        "티켓*, 문의*, 메시지*, 요청*",
        "무시*, 잊어*, 답하*, 답변*, 대답*, 출력*, 보여*, 반복*",
        "지시*, 지침*, 규칙*, 명령*, 위의, 프롬프트*",
        "답하지*, 대답하지*, 이 티켓 이후*, 이 티켓만*, 건너뛰*",
    ),
)

UNSPACED = (
    Words(  # Chinese
        "所有, 全部, 其他, 其它, 其余, 每, 别的, 下面, 以下, 后面",
        "工单, 票, 请求, 消息",
        "忽略, 无视, 忘记, 忘掉, 回答, 回复, 输出, 打印, 显示, 重复",
        "指令, 指示, 规则, 提示词, 以上, 上面, 诗",
        "不要回答, 不要回复, 什么都不要说, 此工单之后, 只回答, 跳过, 系统提示",
    ),
    Words(  # Japanese
        "すべて, 全て, 他の, ほかの, 残り, 次の",
        "チケット, 問い合わせ, メッセージ, リクエスト",
        "無視, 忘れ, 答え, 返答, 出力, 表示, 繰り返",
        "命令, ルール, 上記, プロンプト, 詩",
        "答えないで, 回答しないで, このチケットの後, このチケットだけ, 飛ばして, システムプロン",
    ),
)

CONFIDENCE = (
    "confidence, konfidenz, confiance, confianza, confianca, confidenza, zekerheid, pewnosc*, "
    "уверенност*, guven, بثقة, الثقة, विश्वास, 신뢰도"
)
CONFIDENCE_UNSPACED = "置信度, 信頼度"
"""What an order names before a number."""
