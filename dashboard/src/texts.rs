//! Every sentence and word that people read, in every language: one catalogue,
//! in which none can be missing.
//!
//! `{}` stands for what is put into a text. The API's descriptions and errors
//! are English, as are names that come from events.

/// A language of the pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Russian.
    Russian,
}

impl Language {
    /// All, by their names in the address (ISO 639).
    pub const ALL: [(&'static str, Self); 2] = [("en", Self::English), ("ru", Self::Russian)];

    /// Its name in the address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }

    /// The first language that a browser prefers and we have.
    pub fn preferred(accepted: &str) -> Self {
        let tags = accepted.split(',').filter_map(|tag| tag.split(';').next());
        let known = tags.filter_map(|tag| {
            let tag = tag.trim().to_ascii_lowercase();
            let main = tag.split('-').next().unwrap_or_default().to_owned();
            Self::ALL.into_iter().find(|(name, _)| *name == main)
        });
        known
            .map(|(_, language)| language)
            .next()
            .unwrap_or_default()
    }

    /// A text in this language.
    pub const fn say(self, text: Text) -> &'static str {
        let (english, russian) = text.both();
        match self {
            Self::English => english,
            Self::Russian => russian,
        }
    }

    /// A text in this language with values put into it, in order.
    pub fn tell(self, text: Text, values: &[&str]) -> String {
        let mut parts = self.say(text).split("{}");
        let mut told = parts.next().unwrap_or_default().to_owned();
        for (part, value) in parts.zip(values.iter().chain(std::iter::repeat(&""))) {
            told.push_str(value);
            told.push_str(part);
        }
        told
    }
}

macro_rules! catalogue {
    ($($name:ident: $english:literal, $russian:literal;)+) => {
        /// A text of the pages, by what it is for.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Text {
            $(#[doc = concat!("In English: `", $english, "`")] $name,)+
        }

        impl Text {
            /// Every text.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            const fn both(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$name => ($english, $russian),)+
                }
            }
        }
    };
}

catalogue! {
    // The pages.
    Overview: "Overview", "Обзор";
    Channels: "Channels", "Каналы";
    Models: "Models", "Модели";
    Journeys: "Journeys", "Пути клиентов";
    Funnel: "Funnel", "Воронка";
    Managers: "Managers", "Менеджеры";
    Live: "Live", "Сейчас";
    Menu: "Pages", "Страницы";
    SkipToContent: "Skip to content", "К содержанию";

    // What a view is of.
    Tenant: "Tenant", "Компания";
    Period: "Period", "Период";
    PeriodToday: "Today", "Сегодня";
    PeriodYesterday: "Yesterday", "Вчера";
    PeriodDays: "{} days", "{} дней";
    PeriodMonth: "This month", "Этот месяц";
    PeriodQuarter: "This quarter", "Этот квартал";
    PeriodYear: "This year", "Этот год";
    PeriodOwn: "Own dates", "Свои даты";
    From: "From", "С";
    To: "To", "По";
    Show: "Show", "Показать";
    Compare: "Compared with", "Сравнить с";
    ComparePrevious: "period before", "периодом до";
    CompareYear: "year before", "годом раньше";
    Model: "Model", "Модель";
    SecondModel: "Second model", "Вторая модель";
    NoSecondModel: "none", "нет";
    Basis: "Credit on the day", "Заслуга в день";
    BasisConversion: "of the sale", "продажи";
    BasisTouch: "of the touch", "касания";
    Choices: "What is shown", "Что показано";
    Filters: "Filters", "Фильтры";
    ClearFilters: "Clear all", "Сбросить все";
    Only: "Only {}: {}", "Только {}: {}";
    Without: "Without {}: {}", "Без {}: {}";
    RemoveFilter: "Remove this filter", "Убрать этот фильтр";
    OnlyThis: "Only this", "Только это";
    WithoutThis: "Without this", "Без этого";
    LookInside: "Look inside", "Раскрыть";
    By: "By", "По";
    ByChannel: "Channel", "Каналу";
    ByNumber: "Number", "Номеру";
    ByManager: "Manager", "Менеджеру";
    Level: "Told apart by", "Разбивка";
    EmptyName: "(none)", "(нет)";
    Nobody: "(nobody)", "(никто)";
    Language: "Language", "Язык";
    Theme: "Light or dark", "Светлая или тёмная";
    SignOut: "Sign out", "Выйти";
    SignIn: "Sign in", "Войти";
    UserName: "Name", "Имя";
    Password: "Password", "Пароль";
    WrongPassword: "The name or the password is wrong.", "Неверное имя или пароль.";
    TooManyTries: "Too many tries. Wait a minute and try again.", "Слишком много попыток. Подождите минуту и попробуйте ещё раз.";
    SignInIntro: "Which channel, campaign and call brought this money?", "Какой канал, кампания и звонок принесли эти деньги?";
    Keys: "Keys", "Клавиши";
    KeysPages: "Keys 1 to 8 open the pages, / goes to the first choice, t changes light and dark.", "Клавиши 1–8 открывают страницы, / — первый выбор, t — светлая и тёмная тема.";

    // Freshness and reconciliation.
    DataTo: "Data to {}, {} behind", "Данные на {}, отставание {}";
    NoDataYet: "No data yet", "Данных пока нет";
    NotReached: "ClickHouse does not answer: what you see may be old.", "ClickHouse не отвечает: показанное могло устареть.";
    Waiting: "{} records wait to be counted", "{} записей ждут обработки";
    Reconciled: "Matches the CRM to the cent", "Сходится с CRM до копейки";
    NotReconciled: "Differs from the CRM by {}", "Расходится с CRM на {}";
    OnTheirWay: "Rows are on their way: for the moment {} apart from the CRM", "Данные в пути: пока расхождение с CRM {}";
    ReconciledAbout: "Credits of every model: {}. Revenue of deals won in the period by the CRM: {}.", "Заслуги по каждой модели: {}. Выручка сделок, выигранных за период, в CRM: {}.";
    NotReconciledAbout: "{}: {} of {}. While events are on their way this passes by itself; if it stays, tell those who run the line (throughline verify).", "{}: {} из {}. Пока события в пути, это пройдёт само; если не проходит, сообщите тем, кто ведёт систему (throughline verify).";

    // The overview.
    ChangeAgainst: "against {} – {}", "к {} – {}";
    NoComparison: "nothing to compare with", "не с чем сравнить";
    NewHere: "new", "новое";
    RevenueOverTime: "Revenue by channel", "Выручка по каналам";
    OtherChannels: "Other channels", "Остальные каналы";
    ByHourUnit: "by the hour", "по часам";
    ByDayUnit: "by the day", "по дням";
    ChartAsTable: "As a table", "Таблицей";
    TopChannels: "Channels by revenue", "Каналы по выручке";
    AllChannels: "All channels", "Все каналы";

    // Channels.
    Best: "best", "лучший";
    Worst: "worst", "худший";
    DownloadCsv: "Download as CSV", "Скачать CSV";
    NotMatured: "Shaded days have not matured: nine tenths of the deals are won within {} of the first touch, so more revenue will still come.", "Заштрихованные дни ещё не созрели: девять десятых сделок выигрывают в течение {} после первого касания, так что выручки ещё прибавится.";
    MoreRows: "There are more rows than are shown; filter to see them.", "Показаны не все строки; сузьте фильтр, чтобы увидеть остальные.";
    Total: "Total", "Всего";
    SortBy: "Sort by {}", "Сортировать по: {}";
    Breakdown: "By", "Разбить по";

    // Models.
    AllModels: "Revenue by channel in every model", "Выручка каналов в каждой модели";
    RoiInModels: "ROI by channel in every model", "ROI каналов в каждой модели";
    Flips: "Where the decision depends on the model", "Где решение зависит от модели";
    NoFlips: "No channel changes sides: every model says the same of each.", "Ни один канал не меняет сторону: все модели говорят о каждом одно и то же.";
    FlipsRoi: "{} pays for itself in {}, and not in {}.", "«{}» окупается в моделях: {}; не окупается в моделях: {}.";
    FlipsRank: "{} is number {} in {} and number {} in {}.", "«{}» — №{} в модели {} и №{} в модели {}.";
    ModelsAbout: "Each model shares out the same deals by another rule. Where they agree, decide; where they do not, find out first.", "Каждая модель делит те же сделки по своему правилу. Где они согласны — решайте; где нет — сначала разберитесь.";

    // Journeys.
    TopPaths: "Paths that deals came by", "Пути, которыми пришли сделки";
    TouchesToSale: "Touches to the sale", "Касаний до продажи";
    DaysToSaleTitle: "Days to the sale", "Дней до продажи";
    Roles: "The part each channel plays", "Роль каждого канала";
    DealsTitle: "Deals of the period", "Сделки за период";
    FindDeal: "Open a deal by its id", "Открыть сделку по номеру";
    Open: "Open", "Открыть";
    NoPath: "(no touches known)", "(касания неизвестны)";
    AndMore: "{} and more", "{} и больше";

    // One deal.
    DealTitle: "Deal {}", "Сделка {}";
    DealNotFound: "There is no deal {}.", "Сделки {} нет.";
    WhyThisNumber: "Why this number", "Почему такая цифра";
    TimeLine: "What happened", "Что происходило";
    DealEventsTitle: "What the CRM said", "Что сообщала CRM";
    SharesInModels: "The share of every touch, in every model", "Доля каждого касания в каждой модели";
    RawRecord: "Raw record", "Исходная запись";
    RawRecordAt: "topic {}, partition {}, offset {}", "топик {}, раздел {}, смещение {}";
    NotShared: "This deal is not won, so there is nothing to share out.", "Сделка не выиграна, поэтому делить нечего.";
    Unattributed: "No touch is known in the lookback window: the whole deal stands under Unattributed.", "В окне анализа нет ни одного касания: вся сделка отнесена к Unattributed.";
    BackToJourneys: "All journeys", "Все пути";

    // Calls, funnel, managers.
    PeakHours: "When people call", "Когда звонят";
    PeakHoursAbout: "Inbound calls by weekday and hour; the stronger the colour, the more.", "Входящие по дням недели и часам; чем ярче цвет, тем больше.";
    CallsTitle: "Calls", "Звонки";
    FunnelTitle: "From visits to deals", "От визитов к сделкам";
    StagesTitle: "Stages of the CRM", "Этапы CRM";
    ManagersTitle: "Deals and calls of each manager", "Сделки и звонки каждого менеджера";
    Weekdays: "Mon Tue Wed Thu Fri Sat Sun", "Пн Вт Ср Чт Пт Сб Вс";

    // Live.
    LastMinutes: "Touches of the last 15 minutes", "Касания за последние 15 минут";
    EventsNow: "{} in the last minute", "{} за последнюю минуту";
    NoLatestDeals: "No deal was won in the last seven days.", "За последние семь дней ни одна сделка не выиграна.";
    LatestWon: "Deals as they are won", "Сделки по мере побед";
    Rejected: "Rejected records of the last day", "Отвергнутые записи за сутки";
    NothingRejected: "Nothing was rejected.", "Ничего не отвергнуто.";
    LagTitle: "Records that wait", "Записи в очереди";
    LagGroup: "Stage", "Ступень";
    LagUnknown: "Kafka has not been asked yet.", "Kafka ещё не опрошена.";
    LagNone: "Nothing waits: everything that came is counted.", "Очереди нет: всё пришедшее посчитано.";
    RejectedRemedy: "throughline dead-letters list says which records, and how to send them again.", "throughline dead-letters list покажет записи и как отправить их снова.";

    // Nothing to see.
    EmptyHere: "Nothing here in this period", "За этот период ничего нет";
    EmptyFiltered: "Nothing matches the filters. Remove one, or choose a longer period.", "Под фильтры ничего не подходит. Уберите один из них или выберите период подлиннее.";
    EmptyPeriod: "Nothing happened in these days. Choose a longer period.", "В эти дни ничего не было. Выберите период подлиннее.";
    EmptyTenant: "Nothing has come for {} yet.", "Для «{}» ещё ничего не пришло.";
    SendWeb: "Visits: send hits to the topic web (event_id, occurred_at, visitor_id, url).", "Визиты: отправляйте хиты в топик web (event_id, occurred_at, visitor_id, url).";
    SendCosts: "Spend: send what campaigns cost to the topic costs (date, source, medium, cost).", "Расходы: отправляйте стоимость кампаний в топик costs (date, source, medium, cost).";
    SendDeals: "Revenue: send the events of deals to the topic deals (deal_id, event, amount).", "Выручка: отправляйте события сделок в топик deals (deal_id, event, amount).";
    SendCalls: "Calls: send them to the topic calls (caller_phone, dialed_number, status).", "Звонки: отправляйте их в топик calls (caller_phone, dialed_number, status).";

    // Errors.
    ErrorTitle: "This cannot be shown", "Это нельзя показать";
    NotFound: "There is no such page.", "Такой страницы нет.";
    NotAllowed: "You may not see this.", "У вас нет доступа.";
    TooManyRequests: "Too many requests. Wait a moment.", "Слишком много запросов. Подождите немного.";
    AwayTitle: "ClickHouse does not answer", "ClickHouse не отвечает";
    AwayRemedy: "The figures are safe; the page comes back by itself when it answers again.", "С цифрами всё в порядке; страница вернётся сама, когда он ответит.";
    BackToOverview: "Go to the overview", "Перейти к обзору";
    WhatIs: "What is “{}”?", "Что такое «{}»?";

    // Columns.
    FirstDay: "From", "С";
    LastDay: "To", "По";
    At: "When", "Когда";
    Channel: "Channel", "Канал";
    Source: "Source", "Источник";
    Medium: "Medium", "Тип";
    Campaign: "Campaign", "Кампания";
    Content: "Content", "Объявление";
    Term: "Term", "Ключевое слово";
    Visits: "Visits", "Визиты";
    Leads: "Leads", "Заявки";
    Calls: "Calls", "Звонки";
    MissedCalls: "Missed", "Пропущено";
    Spend: "Spend", "Расход";
    Impressions: "Impressions", "Показы";
    Clicks: "Clicks", "Клики";
    Conversions: "Conversions", "Продажи";
    Revenue: "Revenue", "Выручка";
    Profit: "Gross profit", "Валовая прибыль";
    NetProfit: "Profit", "Прибыль";
    Cpl: "CPL", "CPL";
    Cac: "CAC", "CAC";
    Roas: "ROAS", "ROAS";
    Roi: "ROI", "ROI";
    VersusConversions: "Conversions (2nd)", "Продажи (2-я)";
    VersusRevenue: "Revenue (2nd)", "Выручка (2-я)";
    VersusRoi: "ROI (2nd)", "ROI (2-я)";
    RevenueDifference: "Difference", "Разница";
    Rank: "Rank", "Место";
    CrmRevenue: "Revenue in the CRM", "Выручка в CRM";
    Difference: "Difference", "Разница";
    WonDeals: "Won", "Выиграно";
    LostDeals: "Lost", "Проиграно";
    Maturity: "Time to mature", "Время созревания";
    Path: "Path", "Путь";
    TouchesEach: "Touches", "Касаний";
    TouchCount: "Touches", "Касания";
    TimeToSale: "Time to sale", "До продажи";
    DaysToSale: "Days", "Дней";
    RoleFirst: "First", "Первое";
    RoleMiddle: "Middle", "В середине";
    RoleLast: "Last", "Последнее";
    RoleOnly: "Only one", "Единственное";
    TouchedRevenue: "Revenue of these deals", "Выручка этих сделок";
    Deal: "Deal", "Сделка";
    Status: "Status", "Статус";
    Stage: "Stage", "Этап";
    Pipeline: "Pipeline", "Воронка";
    Manager: "Manager", "Менеджер";
    CreatedAt: "Created", "Создана";
    WonAt: "Won", "Выиграна";
    Client: "Client", "Клиент";
    Gross: "Amount", "Сумма";
    Refunds: "Refunds", "Возвраты";
    GoodsCost: "Cost of goods", "Себестоимость";
    Event: "Event", "Событие";
    Topic: "Topic", "Топик";
    Partition: "Partition", "Раздел";
    Offset: "Offset", "Смещение";
    Touch: "Touch", "Касание";
    Kind: "Kind", "Вид";
    Fate: "Credit", "Заслуга";
    Credit: "Share", "Доля";
    Direction: "Direction", "Направление";
    Waited: "Waited", "Ждал";
    Talked: "Talked", "Говорили";
    Inbound: "Inbound", "Входящие";
    Answered: "Answered", "Отвечено";
    MissedShare: "Missed, %", "Пропущено, %";
    OtherEnds: "Busy, voicemail", "Занято, автоответчик";
    Outbound: "Outbound", "Исходящие";
    Callers: "Callers", "Звонивших";
    MeanWait: "Mean wait", "Среднее ожидание";
    MeanTalk: "Mean talk", "Средний разговор";
    TalkTotal: "Talk time", "Время разговоров";
    CallsWithWait: "Calls with a wait", "Звонков с ожиданием";
    Weekday: "Weekday", "День недели";
    Hour: "Hour", "Час";
    LeadShare: "Visit → contact", "Визит → обращение";
    DealsCreated: "Deals", "Сделки";
    DealShare: "Contact → deal", "Обращение → сделка";
    WonOfCreated: "Won of these", "Из них выиграно";
    WonShare: "Deal → won", "Сделка → победа";
    VisitShare: "Visit → sale", "Визит → продажа";
    DealsThere: "Came here", "Дошли сюда";
    WentOn: "Went on", "Прошли дальше";
    WentOnShare: "Went on, %", "Прошли дальше, %";
    StillThere: "Still here", "Сейчас здесь";
    TimeInStage: "Time here", "Время здесь";
    FirstResponse: "First response", "Первый ответ";
    Reason: "Reason", "Причина";
    Records: "Records", "Записей";
    LatestAt: "Latest", "Последняя";

    // What columns mean.
    AboutVisits: "Visits that began in the period. A visit ends after 30 minutes without a hit, or when the visitor comes from another source.", "Визиты, начавшиеся за период. Визит кончается через 30 минут без хитов или когда посетитель пришёл из другого источника.";
    AboutLeads: "Forms that were sent, under the source of their visit.", "Отправленные формы, по источнику их визита.";
    AboutCalls: "Inbound telephone calls, whatever came of them.", "Входящие звонки, чем бы они ни кончились.";
    AboutMissedCalls: "Inbound calls that nobody answered.", "Входящие звонки, на которые никто не ответил.";
    AboutSpend: "What advertising cost, as last restated by the ad platforms. It does not depend on the model.", "Стоимость рекламы по последним данным площадок. Не зависит от модели.";
    AboutConversions: "Won deals. A deal that several channels share counts for each by its share, so there are fractions.", "Выигранные сделки. Сделка, которую делят каналы, засчитывается каждому по доле, отсюда дроби.";
    AboutRevenue: "The share of the amounts of won deals, less refunds, in the chosen model.", "Доля суммы выигранных сделок за вычетом возвратов, в выбранной модели.";
    AboutProfit: "The share of revenue less the cost of goods, before advertising.", "Доля выручки за вычетом себестоимости, до рекламы.";
    AboutNetProfit: "Gross profit less spend.", "Валовая прибыль минус расход на рекламу.";
    AboutCpl: "Cost per lead: spend / (leads + calls).", "Цена обращения: расход / (заявки + звонки).";
    AboutCac: "Cost of a customer: spend / conversions.", "Цена клиента: расход / продажи.";
    AboutRoas: "Return on ad spend: revenue / spend.", "Отдача от рекламы: выручка / расход.";
    AboutRoi: "Return on investment: (gross profit − spend) / spend.", "Окупаемость: (валовая прибыль − расход) / расход.";
    AboutDifference: "Revenue in the second model less revenue in the first.", "Выручка во второй модели минус выручка в первой.";
    AboutRank: "The place of the channel by revenue in the model.", "Место канала по выручке в модели.";
    AboutPath: "The channels of a deal's touches in the order they happened; a channel several times in a row stands once.", "Каналы касаний сделки по порядку; канал несколько раз подряд показан один раз.";
    AboutDealRevenue: "The amount of the deals less refunds.", "Сумма сделок за вычетом возвратов.";
    AboutTouches: "Touches in the lookback window that share the credit: visits, inbound calls, clicked e-mails, other contacts.", "Касания в окне анализа, которые делят заслугу: визиты, входящие звонки, клики в письмах, прочие контакты.";
    AboutTimeToSale: "From the first touch in the lookback window to the moment the deal was won.", "От первого касания в окне анализа до победы в сделке.";
    AboutRoles: "How many touches of the channel are the first of several in their deal, neither first nor last, the last of several, or the only one.", "Сколько касаний канала — первые из нескольких в своей сделке, в середине, последние или единственные.";
    AboutTouchedRevenue: "The whole revenue of the deals in which the channel has a touch; a deal counts for each of its channels, so these do not add up.", "Вся выручка сделок, где у канала есть касание; сделка считается у каждого своего канала, поэтому суммировать нельзя.";
    AboutClient: "All identifiers that belong to one person are one client. The name is a keyed hash: telephones and e-mail addresses are stored nowhere.", "Все идентификаторы одного человека — один клиент. Имя — хеш с ключом: телефоны и почта нигде не хранятся.";
    AboutFate: "Whether the touch has a share of the deal and, if not, why.", "Есть ли у касания доля в сделке и, если нет, почему.";
    AboutOtherEnds: "The line was busy, or voicemail took the call.", "Линия была занята или ответил автоответчик.";
    AboutCallers: "Different clients who called.", "Сколько разных клиентов звонили.";
    AboutMeanWait: "How long callers waited, of the inbound calls that say so.", "Сколько ждали звонившие, по входящим, где это указано.";
    AboutMeanTalk: "How long answered calls lasted, of those that say so.", "Сколько длились отвеченные звонки, где это указано.";
    AboutLeadShare: "(Leads + calls) / visits.", "(Заявки + звонки) / визиты.";
    AboutDealsCreated: "Deals created in the period, under the channel of the client's last touch before that.", "Сделки, созданные за период, по каналу последнего касания клиента до этого.";
    AboutDealShare: "Deals created / (leads + calls).", "Создано сделок / (заявки + звонки).";
    AboutWonOfCreated: "Of the deals created in the period, those that are won by now.", "Сколько из созданных за период сделок уже выиграно.";
    AboutWonShare: "Of the deals created in the period, the share that is won by now.", "Доля созданных за период сделок, которые уже выиграны.";
    AboutVisitShare: "Conversions / visits.", "Продажи / визиты.";
    AboutDealsThere: "Deals created in the period that were in this stage at some time.", "Сделки, созданные за период, которые были на этом этапе.";
    AboutWentOn: "Those that left the stage: for another one, or because the deal was won or lost.", "Сколько ушли с этапа: на другой или потому, что сделка выиграна или проиграна.";
    AboutStageWonShare: "Of the deals that came here, the share that is won by now.", "Доля дошедших сюда сделок, которые уже выиграны.";
    AboutTimeInStage: "The median time in the stage, of deals that have left it.", "Медианное время на этапе у сделок, которые его покинули.";
    AboutFirstResponse: "The median time from the creation of a deal to the first call with its client: an outbound one, or an answered one.", "Медианное время от создания сделки до первого разговора с клиентом: исходящего звонка или отвеченного.";

    // What became of a touch.
    FateCredited: "shares the credit", "делит заслугу";
    FateOpen: "the deal is not won", "сделка не выиграна";
    FateAfterSale: "after the sale", "после продажи";
    FateTooOld: "before the lookback window", "раньше окна анализа";
    FateDirect: "Direct, and other channels are known", "Direct, а другие каналы известны";
    FateBeforeReset: "before the previous sale", "до прошлой продажи";
    FateNoShare: "no model gives it a share", "ни одна модель не даёт доли";
    FateOutbound: "an outbound call is no touch", "исходящий звонок — не касание";

    // Large figures, and differences of shares.
    Millions: "{} M", "{} млн";
    PointsUnit: "{} pp", "{} п. п.";

    // Time spans.
    SecondsUnit: "{} s", "{} с";
    MinutesUnit: "{} min", "{} мин";
    HoursUnit: "{} h {} min", "{} ч {} мин";
    DaysUnit: "{} d {} h", "{} д {} ч";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_stands_in_both_languages_with_the_same_places() {
        for text in Text::ALL {
            let (english, russian) = text.both();
            assert!(!english.is_empty() && !russian.is_empty(), "{text:?}");
            let places = |text: &str| text.matches("{}").count();
            assert_eq!(places(english), places(russian), "{text:?}");
        }
    }

    #[test]
    fn values_are_put_in_order() {
        let told = Language::English.tell(Text::Only, &["channel", "Email"]);
        assert_eq!(told, "Only channel: Email");
    }

    #[test]
    fn the_first_language_that_we_have_is_preferred() {
        for (accepted, language) in [
            ("ru-RU,ru;q=0.9,en;q=0.8", Language::Russian),
            ("de-DE,de;q=0.9,en;q=0.8,ru;q=0.7", Language::English),
            ("", Language::English),
            ("fr", Language::English),
        ] {
            assert_eq!(Language::preferred(accepted), language, "{accepted}");
        }
    }
}
