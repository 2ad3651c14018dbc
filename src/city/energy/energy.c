#include "city/energy/consent.h"
#include "city/energy/invoice.h"
#include "city/energy/month.h"
#include "city/energy/rules.h"
#include "city/energy/settle.h"

static const struct service_method METHODS[] = {
    {"function createOperation(uint8 zone, uint64 start, uint32 stepMinutes, uint8 "
     "perimeter, bytes32 site, uint32 gridOperator, uint32 flags) returns (uint64 "
     "operation)",
     "Creates an operation, the caller being its organiser; ACC-01 and ACC-02 are "
     "checked. zone 0 UTC, 1 Europe/Paris; perimeter 0 building, 1 extended; flags 1 "
     "legal organiser, 2 renewable, 4 not interconnected, 8 distance derogation, 16 power "
     "derogation.",
     2000, 3, run_create_operation},
    {"function addPoint(uint64 operation, bytes32 pseudonym, uint8 role, address holder, "
     "uint8 holderKind, uint64 enter, uint64 powerW, uint64 priceMicroeurPerKwh, uint32 "
     "vatPpm, bytes32 site, uint32 distanceM, uint32 gridOperator, uint8 density, uint32 "
     "flags) returns (uint32 point)",
     "The organiser registers a point under a pseudonym; ACC-02 to ACC-06 are checked on "
     "what it attests. role 0 consumer, 1 producer, 2 storage; holderKind 0 legal, 1 "
     "natural; density 0 urban, 1 peri-urban, 2 rural; flags 1 medium voltage, 2 main "
     "activity.",
     3000, 3, run_add_point},
    {"function removePoint(uint64 operation, uint32 point, uint64 leaving)",
     "The point leaves at a step boundary that is not settled yet.", 2000, 3, run_remove_point},
    {"function setTariff(uint64 operation, uint32 point, uint64 priceMicroeurPerKwh, "
     "uint32 vatPpm, uint32 fromMonth)",
     "A producer's price and VAT rate from a month that is not closed.", 2000, 3, run_set_tariff},
    {"function setStep(uint64 operation, uint32 stepMinutes, uint64 from)",
     "The metering step from the start of a local day: 10, 15, 30 or 60 minutes.", 2000, 3,
     run_set_step},
    {"function setKey(uint64 operation, uint8 key, uint64 from, uint32[] values)",
     "The sharing key from the start of a local day. 0 default, 1 static, 2 waterfill, 3 "
     "priority, 4 dynamic, 5 full dynamic; values per point: ppm (1, 2) or level (3), "
     "none for the others.",
     2000, 3, run_set_key},
    {"function submitCoefficients(uint64 operation, uint32 day, bytes coefficients)",
     "A day's coefficients of a dynamic key, before its readings; without them the "
     "default key applies (D315-6).",
     2000, 3, run_submit_coefficients},
    {"function submitDay(uint64 operation, uint32 day, bytes readings)",
     "A day's readings of all members in one batch; the service shares the production, "
     "checks the conservation laws and books the results.",
     3000, 3, run_submit_day},
    {"function correctDay(uint64 operation, uint32 day, bytes readings)",
     "Late or corrected readings of a settled day: a new version beside the old one, and "
     "a correction entry.",
     3000, 3, run_correct_day},
    {"function closeMonth(uint64 operation, uint32 month, uint32 maxConsumers) returns "
     "(bool closed)",
     "Makes and pays the invoice lines of the open month, for at most maxConsumers "
     "consumers (0: all); true when the month is closed.",
     3000, 3, run_close_month},
    {"function payInvoice(uint64 operation, uint32 month, uint32 point)",
     "Pays what is due of an invoice out of the point's deposit; by the holder or the "
     "organiser.",
     2000, 3, run_pay_invoice},
    {"function depositFor(uint64 operation, uint32 point, uint256 amount)",
     "Puts the caller's coins into escrow for a consumer's invoices.", 2000, 3, run_deposit_for},
    {"function withdrawDeposit(uint64 operation, uint32 point, uint256 amount)",
     "The holder takes coins out of the deposit; they return to who paid them in.", 2000, 3,
     run_withdraw_deposit},
    {"function giveConsent(uint64 operation, uint32 point, uint8 purpose, uint64 from, "
     "uint64 until)",
     "The holder consents to collection for a purpose (1 settlement, 2 statistics) in a "
     "period.",
     2000, 3, run_give_consent},
    {"function withdrawConsent(uint64 operation, uint32 point, uint8 purpose)",
     "The holder withdraws; collection stops from the next step.", 2000, 3, run_withdraw_consent},
    {"function setRules(uint64 from, uint64 mainlandW, uint64 islandW, uint64 "
     "derogationW, uint32 distanceM, uint32 periurbanM, uint32 ruralM)",
     "The rules role announces legal limits from a date: powers in W, distances in m.", 2000, 3,
     run_set_rules},
    {"function operation(uint64 operation) view returns (address organiser, uint8 zone, "
     "uint64 start, uint32 stepMinutes, uint8 key, uint8 perimeter, uint32 points, uint32 "
     "consumers, uint32 producers, uint64 settledUntil, uint32 openMonth, bool closing)",
     "An operation, with the step and key in force where settlement stands.", 500, 0,
     run_operation},
    {"function operationCount() view returns (uint64)",
     "Number of operations; they are numbered from 1.", 200, 0, run_operation_count},
    {"function point(uint64 operation, uint32 point) view returns (bytes32 pseudonym, "
     "uint8 role, address holder, uint8 holderKind, uint64 enter, uint64 leaving, uint64 "
     "powerW)",
     "A point; leaving is 2^64-1 while no departure is announced.", 500, 0, run_point},
    {"function pointOf(uint64 operation, bytes32 pseudonym) view returns (uint32 point)",
     "The point of a pseudonym.", 500, 0, run_point_of},
    {"function tariff(uint64 operation, uint32 point, uint32 month) view returns (uint64 "
     "priceMicroeurPerKwh, uint32 vatPpm)",
     "A producer's price and VAT rate in a month.", 500, 0, run_tariff},
    {"function steps(uint64 operation, uint32 day) view returns (uint64 firstStep, uint64 "
     "start, uint32 count, uint32 stepMinutes, uint8 key)",
     "The steps of a local day and its key.", 500, 0, run_steps},
    {"function dayResult(uint64 operation, uint32 day) view returns (uint32 version, "
     "uint32 steps, uint64 producedWh, uint64 consumedWh, uint64 sharedWh, uint64 "
     "surplusWh, uint32 missing, bytes32 allocationHash, bytes32 matrixHash)",
     "The result of a settled day, in its last version.", 500, 0, run_day_result},
    {"function readings(uint64 operation, uint32 day, uint32 version) view returns "
     "(bytes)",
     "A batch as it was sent: version 1, then the corrections.", 500, 0, run_readings},
    {"function allocation(uint64 operation, uint32 day, uint32 step) view returns "
     "(uint64[] allocatedWh, uint64[] usedWh)",
     "Who received how much in a step of a day, per consumer, and what each producer "
     "gave; computed from the stored readings by the code that settled them.",
     500, 0, run_allocation},
    {"function matrix(uint64 operation, uint32 day, uint32 step) view returns (uint64[] "
     "wh)",
     "The producer-consumer matrix of a step, row by row.", 500, 0, run_matrix},
    {"function monthMatrix(uint64 operation, uint32 month) view returns (uint64[] wh)",
     "The producer-consumer matrix of a month, row by row.", 500, 0, run_month_matrix},
    {"function classes(uint64 operation, uint32 month, uint32 point) view returns (uint64 "
     "class3, uint64 class4, uint64 class5, uint64 class6)",
     "A point's month in the distribution operator's classes: 3 allocated and 4 other "
     "consumption, 5 shared and 6 surplus production.",
     500, 0, run_classes},
    {"function totals(uint64 operation) view returns (uint64 producedWh, uint64 "
     "consumedWh, uint64 sharedWh, uint64 surplusWh, uint32 settledDays, int64 "
     "invoicedHtCents, int64 invoicedVatCents, uint64 paidCents)",
     "Running totals of an operation; invoiced amounts are net of corrections.", 500, 0,
     run_totals},
    {"function invoice(uint64 operation, uint32 month, uint32 point) view returns "
     "(uint32[] producer, uint32[] ofMonth, int64[] energyWh, int64[] htCents, int64[] "
     "vatCents, uint64[] dueCents, uint64[] paidCents)",
     "The lines of a consumer's invoice and what was paid of them.", 500, 0, run_invoice},
    {"function deposit(uint64 operation, uint32 point) view returns (uint256)",
     "A consumer's coins in escrow.", 500, 0, run_deposit},
    {"function credits(uint64 operation, uint32 point) view returns (uint64[] cents)",
     "Cents that corrections owe a consumer, per producer, for its next invoices.", 500, 0,
     run_credits},
    {"function consents(uint64 operation, uint32 point) view returns (uint8[] purpose, "
     "uint64[] from, uint64[] until)",
     "The consents of a point as they are in force.", 500, 0, run_consents},
    {"function rules(uint64 instant) view returns (uint64 mainlandW, uint64 islandW, uint64 "
     "derogationW, uint32 distanceM, uint32 periurbanM, uint32 ruralM)",
     "The legal limits in force at an instant.", 500, 0, run_rules},
    {0},
};

static const struct service_line EVENTS[] = {
    {"event OperationCreated(uint64 indexed operation, address indexed organiser, uint8 "
     "zone, uint64 start, uint32 stepMinutes)",
     "An operation was created."},
    {"event PointAdded(uint64 indexed operation, uint32 indexed point, bytes32 pseudonym, "
     "uint8 role, address holder, uint64 enter)",
     "A point was registered."},
    {"event PointRemoved(uint64 indexed operation, uint32 indexed point, uint64 leaving)",
     "A point's departure was announced."},
    {"event TariffSet(uint64 indexed operation, uint32 indexed point, uint64 "
     "priceMicroeurPerKwh, uint32 vatPpm, uint32 fromMonth)",
     "A producer's tariff from a month."},
    {"event StepSet(uint64 indexed operation, uint32 stepMinutes, uint64 from)",
     "The metering step from a day."},
    {"event KeySet(uint64 indexed operation, uint8 key, uint64 from, uint32[] values)",
     "The sharing key from a day."},
    {"event CoefficientsSubmitted(uint64 indexed operation, uint32 indexed day, bytes32 "
     "digest)",
     "Coefficients of a day; digest is their keccak256."},
    {"event DaySettled(uint64 indexed operation, uint32 indexed day, uint64 producedWh, "
     "uint64 consumedWh, uint64 sharedWh, uint64 surplusWh, uint32 missing, bytes32 "
     "allocationHash, bytes32 matrixHash)",
     "A day was settled; the hashes commit to allocation and matrix of every step."},
    {"event CorrectionEntry(uint64 indexed operation, uint32 indexed day, uint32 version, "
     "int64 producedWh, int64 consumedWh, int64 sharedWh, int64 surplusWh, bytes32 "
     "allocationHash, bytes32 matrixHash)",
     "A settled day was corrected: differences to the version before, and the new hashes."},
    {"event MonthClosed(uint64 indexed operation, uint32 indexed month, uint64 lines, "
     "int64 energyWh, int64 htCents, int64 vatCents)",
     "Every consumer of the month is invoiced; sums of its lines."},
    {"event InvoiceLine(uint64 indexed operation, uint32 indexed month, uint32 indexed "
     "consumer, uint32 producer, uint32 ofMonth, int64 energyWh, uint64 "
     "priceMicroeurPerKwh, int64 htCents, int64 vatCents)",
     "A line: energy of one producer to one consumer; ofMonth before month marks a "
     "correction."},
    {"event InvoicePaid(uint64 indexed operation, uint32 indexed month, uint32 indexed "
     "consumer, uint32 producer, uint64 cents)",
     "Lines of one producer were paid from the consumer's deposit."},
    {"event DepositChanged(uint64 indexed operation, uint32 indexed point, uint256 "
     "balance)",
     "A deposit's new balance."},
    {"event ConsentGiven(uint64 indexed operation, uint32 indexed point, uint8 purpose, "
     "uint64 from, uint64 until)",
     "The holder consented."},
    {"event ConsentWithdrawn(uint64 indexed operation, uint32 indexed point, uint8 "
     "purpose, uint64 from)",
     "The holder withdrew, with effect from an instant."},
    {"event RulesSet(uint64 from)", "Legal limits from a date were announced."},
    {0},
};

static const struct service_line ERRORS[] = {
    {"error UnknownOperation(uint64 operation)", "There is no such operation."},
    {"error UnknownPoint(uint64 operation, uint64 point)", "The operation has no such point."},
    {"error UnknownPseudonym(bytes32 pseudonym)", "No point of the operation has this pseudonym."},
    {"error PseudonymTaken(bytes32 pseudonym)",
     "A point of the operation has this pseudonym already."},
    {"error PerimeterRefused(string rule, string reason)",
     "A rule of collective self-consumption, ACC-01 to ACC-06, does not allow this."},
    {"error BadValue(string parameter, uint256 value)", "A parameter is outside its range."},
    {"error BadTime(uint64 instant)",
     "An instant is outside the calendar, or ends before it begins."},
    {"error BadDay(uint256 day)", "The operation has no steps on that day."},
    {"error NotDayStart(uint64 instant)", "The change must begin with a local day."},
    {"error NotStepBoundary(uint64 instant)", "Members enter and leave at the start of a step."},
    {"error NotAfterLastChange(uint64 from, uint64 last)",
     "Changes are announced in order of time."},
    {"error AlreadySettled(uint64 from, uint64 settledUntil)",
     "What is settled is not changed afterwards."},
    {"error AlreadyClosed(uint32 month)", "The month is closed or closing."},
    {"error TooManyChanges(uint256 limit)", "The list of dated changes is full."},
    {"error TooManyPoints(uint256 points, uint256 cells)",
     "Limit of points, or of producers times consumers."},
    {"error TooManyPayers(uint256 limit)", "A deposit keeps coins of that many payers at most."},
    {"error BadKeyValues(string reason)", "The key's values or coefficients do not fit."},
    {"error KeyNotDynamic(uint64 day)", "The day's key takes no coefficients."},
    {"error NotProducer(uint64 point)", "Only points that produce have a tariff."},
    {"error NotConsumer(uint64 point)", "Only points that consume are invoiced."},
    {"error HasLeft(uint64 point, uint64 leaving)", "The point has left in what is settled."},
    {"error DaySettledAlready(uint64 day)", "The day is settled; use correctDay."},
    {"error DayNotSettled(uint64 day)", "The day is not settled."},
    {"error DayNotOver(uint64 day, uint64 end)",
     "Readings are accepted after the end of their day."},
    {"error MalformedReadings(uint256 offset)",
     "The batch does not follow the encoding at this byte."},
    {"error NotMember(uint64 point, uint64 step)",
     "A reading for a step in which the point is not a member."},
    {"error ReadingTooLarge(uint64 point, uint64 step, uint64 wh)",
     "A reading above what a meter can measure in one step."},
    {"error ConsentMissing(uint64 point, uint64 step)",
     "The holder's consent does not cover this step; mark it absent."},
    {"error NoConsent(uint64 point, uint8 purpose)", "There is no consent to withdraw."},
    {"error ConservationBroken(uint64 step, string law)",
     "A computed step breaks a conservation law and is refused."},
    {"error NotOpenMonth(uint64 month, uint64 open)", "Months close in order."},
    {"error DaysMissing(uint64 month, uint64 settled, uint64 expected)",
     "Every day of a month is settled before it closes."},
    {"error MonthClosing(uint64 month)", "A month is being closed; finish it first."},
    {"error MoneyNotConserved(uint64 operation, uint64 month, uint64 point)",
     "Debit and credit of an invoice differ; it is refused."},
    {"error NothingDue(uint64 month, uint64 point)", "The invoice is paid, or there is none."},
    {"error DepositTooSmall(uint256 balance, uint256 needed)", "The deposit does not cover this."},
    {"error RecordUnreadable()", "A stored record could not be read."},
    {0},
};

const struct service ENERGY_SERVICE = {
    .name = "energy",
    .title = "ParvisEnergy",
    .purpose =
        "Shares a district's production between neighbours by the rules of French collective "
        "self-consumption, invoices it and pays the invoices from escrow.",
    .address = ENERGY_ADDRESS,
    .methods = METHODS,
    .events = EVENTS,
    .errors = ERRORS,
    .genesis = rules_genesis,
};
