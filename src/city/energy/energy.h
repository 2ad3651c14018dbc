/* energy: the service that shares a district's production between neighbours, step by step, by the
 * rules of French collective self-consumption (autoconsommation collective, ACC), and invoices it.
 *
 * Model     An operation (organiser, perimeter, zone, dated step and key) has points: consumers,
 *           producers, storage (both). Points are pseudonyms, numbered from 0 in order of
 *           registration; that order decides ties. Among themselves consumers (and storage) are
 *           numbered in that order too: "consumer 3" of a list is the fourth point that consumes.
 * Time      seconds since 1970 (UTC) for instants. `day` is the local day in the operation's zone,
 *           numbered from 1970-01-01; `month` is year * 12 + month - 1. A day has as many steps as
 *           its length and step say (46, 48 or 50 half-hours in Paris). Steps are numbered from the
 *           operation's start (hashes), or from 0 inside the day (views).
 * Changes   of step and key begin with a local day, members enter and leave at a step, tariffs
 *           change with a month; never inside what has been settled.
 * Readings  one batch per operation and day, see readings.h. The service computes allocation and
 *           matrix itself (allocation.h), checks conservation, keeps the batch, sums the month.
 *           Two hashes commit to the result (dayhash.h).
 * Late data correctDay books a new version beside the old one. In a month already closed, the
 *           difference becomes a correction line of the next month that is closed.
 * Money     one line per producer, consumer and month: Wh * price, half-up to the cent, VAT on the
 *           line (R7). 1 euro = 10^18 wei of the city currency, 1 cent = 10^16. A closed line is
 *           paid from the consumer's escrow deposit; what it does not cover stays due.
 * Consent   readings of a point held by a natural person are accepted only for steps covered by the
 *           holder's consent for purpose CONSENT_SETTLEMENT; withdrawal holds from the next step.
 * Privacy   names, addresses and meter numbers never reach the ledger: the organiser attests the
 *           distance, the density class and the site commitment of each point.
 *
 * Methods (Solidity's words; table in energy.c):
 *
 *  createOperation(uint8 zone, uint64 start, uint32 stepMinutes, uint8 perimeter, bytes32 site,
 *      uint32 gridOperator, uint32 flags) returns (uint64 operation)
 *      zone 0 UTC, 1 Europe/Paris. start: start of a local day. perimeter 0 same building (site is
 *      its commitment), 1 extended. gridOperator: code of the one distribution operator. flags:
 *      OPERATION_*.
 *  addPoint(uint64 operation, bytes32 pseudonym, uint8 role, address holder, uint8 holderKind,
 *      uint64 enter, uint64 powerW, uint64 priceMicroeurPerKwh, uint32 vatPpm, bytes32 site,
 *      uint32 distanceM, uint32 gridOperator, uint8 density, uint32 flags) returns (uint32 point)
 *      role 0 consumer, 1 producer, 2 storage. holderKind 0 legal, 1 natural person. density 0
 *      urban, 1 peri-urban, 2 rural. flags: POINT_*. price, VAT, power: 0 for a consumer.
 *  removePoint(uint64 operation, uint32 point, uint64 leaving)
 *  setTariff(uint64 operation, uint32 point, uint64 priceMicroeurPerKwh, uint32 vatPpm,
 *      uint32 fromMonth)
 *  setStep(uint64 operation, uint32 stepMinutes, uint64 from)
 *  setKey(uint64 operation, uint8 key, uint64 from, uint32[] values)
 *      key: enum allocation_key (0 default, 1 static, 2 waterfill, 3 priority, 4 dynamic, 5 full
 *      dynamic). values: one per point in index order: ppm (static, waterfill) or level 1..255
 *      (priority), 0 for producers; empty for the others. A new operation has the default key.
 *  submitCoefficients(uint64 operation, uint32 day, bytes coefficients)
 *      for days of a dynamic key, before the day's readings; without it the default key applies
 *      (D315-6). Encoding in readings.h.
 *  submitDay(uint64 operation, uint32 day, bytes readings)
 *  correctDay(uint64 operation, uint32 day, bytes readings)
 *  closeMonth(uint64 operation, uint32 month, uint32 maxConsumers) returns (bool closed)
 *      months close in order, every day of the month settled. maxConsumers bounds the work of one
 *      transaction (0 = all that remain); call again until it returns true.
 *  payInvoice(uint64 operation, uint32 month, uint32 point)      from the point's deposit
 *  depositFor(uint64 operation, uint32 point, uint256 amount)    from the caller's balance
 *  withdrawDeposit(uint64 operation, uint32 point, uint256 amount)   by the holder
 *  giveConsent(uint64 operation, uint32 point, uint8 purpose, uint64 from, uint64 until)
 *  withdrawConsent(uint64 operation, uint32 point, uint8 purpose)
 *  setRules(uint64 from, uint64 mainlandW, uint64 islandW, uint64 derogationW, uint32 distanceM,
 *      uint32 periurbanM, uint32 ruralM)                          by the rules role
 *
 * Views:
 *  operation(uint64 operation) view returns (address organiser, uint8 zone, uint64 start,
 *      uint32 stepMinutes, uint8 key, uint8 perimeter, uint32 points, uint32 consumers,
 *      uint32 producers, uint64 settledUntil, uint32 openMonth, bool closing)
 *  operationCount() view returns (uint64)
 *  point(uint64 operation, uint32 point) view returns (bytes32 pseudonym, uint8 role,
 *      address holder, uint8 holderKind, uint64 enter, uint64 leaving, uint64 powerW)
 *  pointOf(uint64 operation, bytes32 pseudonym) view returns (uint32 point)
 *  tariff(uint64 operation, uint32 point, uint32 month) view returns (uint64 priceMicroeurPerKwh,
 *      uint32 vatPpm)
 *  steps(uint64 operation, uint32 day) view returns (uint64 firstStep, uint64 start, uint32 count,
 *      uint32 stepMinutes, uint8 key)
 *  dayResult(uint64 operation, uint32 day) view returns (uint32 version, uint32 steps,
 *      uint64 producedWh, uint64 consumedWh, uint64 sharedWh, uint64 surplusWh, uint32 missing,
 *      bytes32 allocationHash, bytes32 matrixHash)
 *  readings(uint64 operation, uint32 day, uint32 version) view returns (bytes)
 *  allocation(uint64 operation, uint32 day, uint32 step) view returns (uint64[] allocatedWh,
 *      uint64[] usedWh)                      per consumer, per producer; step counted in the day
 *  matrix(uint64 operation, uint32 day, uint32 step) view returns (uint64[] wh)   row = producer
 *  monthMatrix(uint64 operation, uint32 month) view returns (uint64[] wh)         row = producer
 *  classes(uint64 operation, uint32 month, uint32 point) view returns (uint64 class3,
 *      uint64 class4, uint64 class5, uint64 class6)
 *  totals(uint64 operation) view returns (uint64 producedWh, uint64 consumedWh, uint64 sharedWh,
 *      uint64 surplusWh, uint32 settledDays, int64 invoicedHtCents, int64 invoicedVatCents,
 *      uint64 paidCents)                     invoiced: net of corrections
 *  invoice(uint64 operation, uint32 month, uint32 point) view returns (uint32[] producer,
 *      uint32[] ofMonth, int64[] energyWh, int64[] htCents, int64[] vatCents, uint64[] dueCents,
 *      uint64[] paidCents)
 *  deposit(uint64 operation, uint32 point) view returns (uint256)
 *  credits(uint64 operation, uint32 point) view returns (uint64[] cents)   per producer, owed by
 *      corrections and carried to the next invoice
 *  consents(uint64 operation, uint32 point) view returns (uint8[] purpose, uint64[] from,
 *      uint64[] until)
 *  rules(uint64 instant) view returns (uint64 mainlandW, uint64 islandW, uint64 derogationW,
 *      uint32 distanceM, uint32 periurbanM, uint32 ruralM)
 *
 * Events:
 *  OperationCreated(uint64 indexed operation, address indexed organiser, uint8 zone, uint64 start,
 *      uint32 stepMinutes)
 *  PointAdded(uint64 indexed operation, uint32 indexed point, bytes32 pseudonym, uint8 role,
 *      address holder, uint64 enter)
 *  PointRemoved(uint64 indexed operation, uint32 indexed point, uint64 leaving)
 *  TariffSet(uint64 indexed operation, uint32 indexed point, uint64 priceMicroeurPerKwh,
 *      uint32 vatPpm, uint32 fromMonth)
 *  StepSet(uint64 indexed operation, uint32 stepMinutes, uint64 from)
 *  KeySet(uint64 indexed operation, uint8 key, uint64 from, uint32[] values)
 *  CoefficientsSubmitted(uint64 indexed operation, uint32 indexed day, bytes32 digest)
 *  DaySettled(uint64 indexed operation, uint32 indexed day, uint64 producedWh, uint64 consumedWh,
 *      uint64 sharedWh, uint64 surplusWh, uint32 missing, bytes32 allocationHash,
 *      bytes32 matrixHash)
 *  CorrectionEntry(uint64 indexed operation, uint32 indexed day, uint32 version, int64 producedWh,
 *      int64 consumedWh, int64 sharedWh, int64 surplusWh, bytes32 allocationHash,
 *      bytes32 matrixHash)                   differences to the version before, new hashes
 *  MonthClosed(uint64 indexed operation, uint32 indexed month, uint64 lines, int64 energyWh,
 *      int64 htCents, int64 vatCents)
 *  InvoiceLine(uint64 indexed operation, uint32 indexed month, uint32 indexed consumer,
 *      uint32 producer, uint32 ofMonth, int64 energyWh, uint64 priceMicroeurPerKwh,
 *      int64 htCents, int64 vatCents)
 *      consumer, producer: points. ofMonth < month marks a correction of an earlier month.
 *  InvoicePaid(uint64 indexed operation, uint32 indexed month, uint32 indexed consumer,
 *      uint32 producer, uint64 cents)
 *  DepositChanged(uint64 indexed operation, uint32 indexed point, uint256 balance)
 *  ConsentGiven(uint64 indexed operation, uint32 indexed point, uint8 purpose, uint64 from,
 *      uint64 until)
 *  ConsentWithdrawn(uint64 indexed operation, uint32 indexed point, uint8 purpose, uint64 from)
 *  RulesSet(uint64 from)
 *
 * Errors: see energy.c; perimeter refusals are PerimeterRefused(string rule, string reason), with
 * the rule "ACC-01" to "ACC-06".
 *
 * Genesis "services": {"energy": {"rulesRole": "0x..", "rules": [{"from": 0,
 *   "mainlandW": 3000000, "islandW": 500000, "derogationW": 3000000, "distanceM": 2000,
 *   "periurbanM": 10000, "ruralM": 20000}, ...]}}; both members optional: without rules those of
 *   the arrete of 21 November 2019 as amended apply (rules.c). */
#ifndef PARVIS_CITY_ENERGY_ENERGY_H
#define PARVIS_CITY_ENERGY_ENERGY_H

#include "city/service.h"

#define ENERGY_ADDRESS SERVICE_ADDRESS(2)

#define OPERATION_LEGAL_ORGANISER 1u     /* the organiser is a legal person (ACC-01; required) */
#define OPERATION_RENEWABLE 2u           /* all production is renewable (ACC-02) */
#define OPERATION_ISLAND 4u              /* zone not interconnected with the mainland (ACC-05) */
#define OPERATION_DISTANCE_DEROGATION 8u /* granted by the minister (ACC-04) */
#define OPERATION_POWER_DEROGATION 16u   /* municipality with public bodies (ACC-05) */

#define POINT_MEDIUM_VOLTAGE 1u /* not on the low-voltage network (ACC-02) */
#define POINT_MAIN_ACTIVITY 2u  /* sharing would be its main activity (ACC-06) */

#define CONSENT_SETTLEMENT 1u /* step readings for sharing and invoicing */
#define CONSENT_STATISTICS 2u

#define WEI_PER_CENT 10000000000000000ull

/* Gas of the work inside a batch, charged before it is done: some 10 ns of work per unit. A day of
 * 100 points and 96 steps costs about half a million with two producers, call data not counted. */
#define GAS_ENERGY_READING 20u /* decode, check and keep one reading */
#define GAS_ENERGY_SHARE 1u    /* one member in one application of R1 */
#define GAS_ENERGY_LINE 500u   /* one invoice line, besides log, storage and payment */

/* Bounds that keep every sum and amount inside 64 bits: a month has at most 4 464 + 6 steps. */
#define ENERGY_READING_LIMIT (1u << 26) /* Wh in one step */
#define ENERGY_PRICE_LIMIT (1u << 24)   /* micro-euro per kWh */
#define ENERGY_CELLS_MAX 65536u         /* producers * consumers of one operation */

extern const struct service ENERGY_SERVICE;

#endif
