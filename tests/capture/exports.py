# ruff: noqa: E501
"""What other systems export, in their own headings: each file as it would come, with a few rows."""

HUBSPOT_COMPANIES = """Record ID,Company name,Company owner,Create Date,Phone Number,City,Country/Region,Industry,Company Domain Name
9001,Northgate Dental,Alice,2024-01-03 10:00,,Leeds,United Kingdom,Dental,northgate.example
9002,Helio Optics,,2024-01-04 10:00,,Köln,Germany,Optics,helio.example
"""
HUBSPOT_CONTACTS = """Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Primary Associated Company ID,Last Activity Date,Lead Status,Lifecycle Stage,Create Date,Original Source,Job Title,Country/Region
101,Priya,Raman,priya@northgate.example,+44 20 7183 8750,Alice,9001,2026-05-20 09:12,In Progress,Sales Qualified Lead,2026-05-20 09:12,Organic Search,Practice Manager,United Kingdom
102,Jonas,Weber,jonas@helio.example,,Jo Former,9002,,New,Lead,2026-05-21 10:00,Offline Sources,Head of Sales,Germany
103,Ann,Lee,ann@helio.example,,,9002,,Unqualified,Lead,2026-03-01 10:00,Paid Social,Student,Germany
104,Bo,Li,bo@northgate.example,,,9001,,,Customer,2025-11-01 10:00,Referrals,CEO,United Kingdom
"""
HUBSPOT_DEALS = """Record ID,Deal Name,Deal Stage,Close Date,Deal owner,Amount,Create Date,Associated Contact IDs,Associated Company,Associated Company IDs (Primary)
501,Scanner for Northgate,Closed Won,2026-05-28 10:00,Alice,12000.50,2026-05-22 09:00,101;104,Northgate Dental,9001
502,Lenses,Appointment Scheduled,2027-01-31 10:00,Alice,3000,2026-05-23 09:00,102,Helio Optics,9002
503,No person,Closed Lost,2026-05-29 10:00,Alice,700,2026-05-23 09:00,,Helio Optics,9002
504,Nobody at all,Closed Won,2026-05-29 10:00,Alice,700,2026-05-23 09:00,,Elsewhere,9999
"""
HUBSPOT_NOTES = """Record ID,Activity date,Activity type,Note body,Activity assigned to,Associated Contact IDs
701,2026-05-21 11:00,Note,"Wants a demo,
before the summer",Alice,101
702,2026-05-22 12:00,Call,Left a message,Jo Former,102
703,2026-05-22 12:00,Meeting,Somebody else,Jo Former,999
"""
SALESFORCE_LEADS = """Lead Owner,First Name,Last Name,Title,Company / Account,Lead Source,Phone,Mobile,Email,Lead Status,Create Date,Lead ID
Alice,Maria,Santos,CIO,Casa Verde,Web,+351 912 345 678,,maria@casa.example,Open - Not Contacted,5/20/2026,00Q5g00000AbCdE
Alice,Rui,Costa,CEO,Norte,Trade Show,,,rui@norte.example,Working - Contacted,5/21/2026,00Q5g00000AbCdF
"""
SALESFORCE_API_LEADS = """Id,IsConverted,LastName,FirstName,Company,Email,Phone,LeadSource,Status,OwnerId,CreatedDate
00Q1,false,Santos,Maria,Casa Verde,maria@casa.example,,Web,Open,0051,2026-05-20T10:00:00.000+0000
"""
SALESFORCE_CONTACTS = """Account Name,First Name,Last Name,Title,Phone,Mobile,Email,Mailing Country,Contact Owner,Contact ID
Casa Verde,Ana,Sousa,CFO,,,ana@casa.example,Portugal,Alice,0035g00000AbCdE
"""
SALESFORCE_PEOPLE = """Campaign Name,Lead: First Name,Lead: Last Name,Lead: Email,Lead: Company / Account,Lead: Lead ID,Contact: First Name,Contact: Last Name,Contact: Email,Account: Account Name,Contact: Contact ID
Spring,Maria,Santos,maria@casa.example,Casa Verde,00Q5g00000AbCdE,,,,,
Spring,,,,,,Ana,Sousa,ana@norte.example,Norte,0035g00000AbCdE
Spring,Rui,Costa,rui@private.example,Costa,00Q5g00000AbCdF,Rui,Costa,rui@norte.example,Norte,0035g00000AbCdF
"""
SALESFORCE_ACCOUNTS = """Account ID,Account Name,Website,Billing City,Billing Country,Account Owner,Type
0015g00000AbCdE,Casa Verde,https://www.casa.example,Porto,Portugal,Alice,Prospect
"""
SALESFORCE_OPPORTUNITIES = """Opportunity Name,Account Name,Stage,Close Date,Amount,Amount Currency,Created Date,Opportunity Owner,Contact ID
Verde 1,Casa Verde,Negotiation/Review,12/24/2026,1000.00,EUR,5/25/2026,Alice,0035g00000AbCdE
Verde 2,Casa Verde,Closed Won,5/26/2026,900.00,EUR,5/13/2026,Alice,
"""
SALESFORCE_TASKS = """Id,WhoId,Subject,ActivityDate,Status,Type,Description,OwnerId
00T1,0035g00000AbCdE,Call about the offer,2026-05-25,Completed,Call,She likes it,0051
"""
PIPEDRIVE_PEOPLE = """Person - ID,Person - Name,Person - Email - Work,Person - Phone - Work,Person - Organization,Person - Owner,Person - Person created
11,"Silva, Rita",rita@mar.example,"+351 912 345 678, +351 213 456 789",Mar Azul,Alice,2026-05-20 10:00:00
"""
PIPEDRIVE_ORGANIZATIONS = """Organization - ID,Organization - Name,Organization - Owner,Organization - Address
31,Mar Azul,Alice,Lisboa
"""
PIPEDRIVE_DEALS = """Deal - ID,Deal - Title,Deal - Status,Deal - Stage,Deal - Value,Deal - Currency of Value,Deal - Organization,Deal - Contact person,Deal - Won time,Deal - Lost time,Deal - Lost reason,Deal - Deal created,Person - ID
41,Boats,Won,Negotiations Started,5000,EUR,Mar Azul,Rita Silva,2026-05-27 10:00:00,,,2026-05-21 10:00:00,11
"""
PIPEDRIVE_ACTIVITIES = """Activity - Subject,Activity - Type,Activity - Due date,Activity - Note,Activity - Done,Person - Email - Work
Hello,Call,2026-05-22,Nice talk,Done,rita@mar.example
"""
LINKEDIN_CONNECTIONS = """Notes:
"When exporting your connection data, you may notice that some of the email addresses are missing."

First Name,Last Name,URL,Email Address,Company,Position,Connected On
Ada,Byron,https://www.linkedin.com/in/ada-byron,,Engines Ltd,Analyst,01 May 2026
Cy,Fox,https://www.linkedin.com/in/cy-fox,cy@fox.example,Fox,CEO,03 May 2026
"""
LINKEDIN_FORMS = """Lead ID,Submitted At,Campaign Name,Form Name,First Name,Last Name,Work Email,Company Name,Job Title,Phone Number,Country/Region
li-1,2026-05-30 08:00:00,Spring,Price list,Eva,Klein,eva@klein.example,Klein GmbH,CFO,+49 30 901820,Germany
"""
BADGES = """Badge ID,Scan Date/Time,First Name,Last Name,Company,Job Title,Email Address,Phone,Country,Scanned By,Rating,Notes
A-17,05/30/2026 10:15 AM,Lou,Reis,Reis SA,Buyer,lou@reis.example,N/A,Portugal,Alice,Hot,Wants prices
A-18,05/30/2026 10:45 AM,Kim,Sun,Sun Inc,-,kim@sun.example ,,United States of America,Alice,Warm,
"""
GERMAN_CONTACTS = """Datensatz-ID,Vorname,Nachname,E-Mail,Telefonnummer,Lifecycle-Phase,Lead-Status,Land/Region,Erstellungsdatum
77,Uwe,Groß,uwe@gross.example,,Lead,In Bearbeitung,Deutschland,2026-05-02
"""
SALESFORCE_NOTES = """Id,IsDeleted,ParentId,Title,IsPrivate,Body,OwnerId,CreatedDate
0021,0,0035g00000AbCdE,After the fair,0,She asked for references,0051,2026-05-24T09:00:00.000Z
"""
PIPEDRIVE_LEADS = """Lead - Title,Lead - Labels,Lead - Owner,Lead - Source,Lead - Lead created,Person - Name,Person - Email - Work,Person - Phone - Work,Organization - Name,Lead - ID
Boats for Ana,Hot,Alice,Web forms,2026-05-20 10:00:00,Ana Vaz,ana@vaz.example,+351 912 345 679,Vaz Lda,55ebb4c0-536e-11ea-87d0-d1171b17f6a0
"""
META_FORMS = """id,created_time,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,form_id,form_name,is_organic,platform,full_name,email,phone_number,lead_status
l:111222333,2026-05-14T18:22:10-03:00,ag:900,Ad 1,as:800,Set,c:700,Spring,f:600,Prices,false,ig,Bia Souza,bia@souza.example,p:+5511912345678,CREATED
"""
RIPELINE_LEADS = """Id,Name,Title,E-mail,Telephone,Other telephones,Company,Country,Language,State,With,Next date,Next step,Source,Campaign,Came to us,Last touch,Amount,Currency,Ripe within 30 days,Buys in the end,Reason,Chairs
019e82a0-3d00-77d4-98c3-85de99d53c4b,Priya Raman,Head of Ops,priya@north.example,+442071838750,+442071838751,Northgate,GB,en,Working,Alice,2026-06-02T09:00+00:00,Follow up,Webinar,Spring,2026-05-20T10:00+00:00,,1200.00,EUR,0.0413,0.4512,,14
"""
ALL = {
    "hubspot_companies": HUBSPOT_COMPANIES, "hubspot_contacts": HUBSPOT_CONTACTS, "hubspot_deals": HUBSPOT_DEALS,
    "hubspot_activities": HUBSPOT_NOTES, "salesforce_leads": SALESFORCE_LEADS,
    "salesforce_contacts": SALESFORCE_CONTACTS, "salesforce_people": SALESFORCE_PEOPLE, "salesforce_accounts": SALESFORCE_ACCOUNTS,
    "salesforce_opportunities": SALESFORCE_OPPORTUNITIES, "salesforce_activities": SALESFORCE_TASKS,
    "pipedrive_people": PIPEDRIVE_PEOPLE, "pipedrive_organizations": PIPEDRIVE_ORGANIZATIONS,
    "pipedrive_deals": PIPEDRIVE_DEALS, "pipedrive_activities": PIPEDRIVE_ACTIVITIES,
    "linkedin_connections": LINKEDIN_CONNECTIONS, "linkedin_forms": LINKEDIN_FORMS, "badge_scans": BADGES,
    "salesforce_notes": SALESFORCE_NOTES, "pipedrive_leads": PIPEDRIVE_LEADS, "meta_forms": META_FORMS,
    "ripeline_leads": RIPELINE_LEADS,
}  # fmt: skip

# The columns that their views and reports have besides: only the headings.
HEADINGS = {
    "hubspot_contacts": (
        "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Primary Company,Last Activity Date,Lead Status,Marketing contact status,Create Date,Associated Company,Associated Company IDs",
        "Record ID,First Name,Last Name,Email,Phone Number,Associated Company IDs",
    ),
    "hubspot_companies": (
        "Record ID,Company name,Company owner,Create Date,Phone Number,Last Activity Date,City,Country/Region,Industry",
        "Record ID,Company name,Website URL,Company owner,Lifecycle Stage,Lead Status,Create Date",
        "Record ID,Company name,Domain,Company owner,Industry",
    ),
    "hubspot_deals": (
        "Record ID,Deal Name,Associated Company,Deal Stage,Amount,Close Date,Deal Owner",
        "Record ID,Deal Name,Pipeline,Deal Stage,Amount,Close Date,Create Date,Deal owner,Associated Contact,Associated Contact IDs",
    ),
    "hubspot_activities": (
        "Activity date,Note body,Associated Contact,Associated Company",
        "Record ID,Call title,Activity date,Activity assigned to,Call direction,Call outcome,Call notes,Associated Contact,Associated Contact IDs",
        "Record ID,Task Title,Task Status,Task Type,Due Date,Notes,Assigned to,Associated Contact IDs",
        "Record ID,Meeting name,Meeting description,Meeting start time,Meeting outcome,Associated Contact IDs",
    ),
    "salesforce_leads": (
        "Lead Owner,First Name,Last Name,Title,Company / Account,Lead Source,Rating,Street,Email",
        "Id,IsDeleted,LastName,FirstName,Name,Title,Company,Country,Phone,MobilePhone,Email,LeadSource,Status,OwnerId,HasOptedOutOfEmail,IsConverted,CreatedDate",
    ),
    "salesforce_contacts": (
        "Salutation,First Name,Last Name,Title,Mailing Street,Mailing City,Mailing Country,Phone,Mobile,Email,Account Owner,Account Name",
        "Id,AccountId,LastName,FirstName,Name,MailingCity,MailingCountry,Phone,ReportsToId,Email,Title,OwnerId,CreatedDate",
    ),
    "salesforce_accounts": ("Id,IsDeleted,Name,Type,BillingStreet,BillingCity,BillingCountry,Phone,Website,OwnerId",),
    "salesforce_opportunities": (
        "Opportunity Owner,Account Name,Opportunity Name,Stage,Fiscal Period,Amount,Expected Revenue,Probability (%),Age,Close Date,Created Date,Next Step,Lead Source,Type",
        "Id,AccountId,Name,StageName,Amount,Probability,CloseDate,Type,IsClosed,IsWon,OwnerId,CreatedDate,ContactId",
    ),
    "salesforce_activities": (
        "Subject,Date,Status,Priority,Task,Assigned,Company / Account,Contact,Lead,Opportunity",
        "Id,WhoId,WhatId,Subject,Location,ActivityDateTime,StartDateTime,Description,AccountId,OwnerId,Type",
    ),
    "pipedrive_people": (
        "Person - Name*,Person - First name,Person - Last name,Person - Email (Work),Person - Phone (Work),Person - Label,Organization name,Person - Owner,Person - Creation date,Person - Pipedrive System ID",
        "Person - Name,Person - Label,Person - Organization,Person - Email - Work,Person - Email - Home,Person - Phone - Work,Person - Open deals,Person - Owner,Person - ID,Person - Person created",
    ),
    "pipedrive_organizations": (
        "Organization - Name*,Organization - Labels,Organization - Address,Organization - Owner,Organization - Creation date,Organization - Pipedrive System ID,Person name",
        "Organization - Name,Organization - Label,Organization - Address,Organization - People,Organization - Open deals,Organization - Owner,Organization - ID",
    ),
    "pipedrive_deals": (
        "Deal - Title*,Deal - Value,Deal - Currency of value,Organization,Contact person,Deal - Owner,Deal - Stage (pipeline),Deal - Status,Deal - Expected close date,Deal - Creation date,Deal - Closed on,Deal - Lost reason,Deal - Lost time,Deal - Won time,Deal - Pipedrive System ID",
        "Deal - ID,Deal - Title,Deal - Value,Deal - Currency of Value,Deal - Organization,Deal - Contact person,Deal - Stage,Deal - Status,Deal - Won time,Deal - Lost time,Deal - Lost reason",
    ),
    "pipedrive_activities": (
        "Activity - Subject,Activity - Type,Activity - Due date,Activity - Due time,Activity - Done,Activity - Note,Activity - Assigned to user,Deal - Title,Person - Name,Person - Email,Organization - Name",
        "Activity - Subject,Activity - Due date,Activity - Note,Activity - Type,Activity - Done,Activity - Marked as done time,Deal,Lead,Organization,Contact person,Activity - Pipedrive System ID",
        "Note - Content,Note - Add time,Note - Deal,Note - Person,Note - Organization,Note - User,Note - ID",
    ),
    "pipedrive_leads": ("Lead - Title,Lead - Labels,Contact person,Organization,Lead - Owner,Lead - Source channel,Lead - Pipedrive System ID",),
    "linkedin_connections": ("First Name,Last Name,Email Address,Company,Position,Connected On",),
    "linkedin_forms": (
        "Lead ID,Created At,Campaign Name,Campaign ID,Form Name,Form ID,Creative ID,Lead Type,First name,Last name,Email address,Company name,Job title,Phone number,Country/Region,Test Lead",
    ),
    "badge_scans": (
        "First Name,Last Name,Email Address,Company Name,Title,Work Phone,Country,Captured By,Capture Date,Lead Score,Notes,Qualifier Questions",
        "Attendee Name,Company,Email,Scanned At,Booth,Rating,Comments",
        "Lead Type,Captured Date/Time,Captured By,First Name,Last Name,Job Title,Company,Email,Telephone,Country,Star Rating,Notes",
    ),
}  # fmt: skip
