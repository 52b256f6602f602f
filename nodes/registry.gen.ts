// Written by scripts/gen.ts from the folders. Do not edit.
import { altTextFilter as dataAltTextFilter } from "./data/alt-text-filter";
import { bootstrap as dataBootstrap } from "./data/bootstrap";
import { conversations as dataConversations } from "./data/conversations";
import { draws as dataDraws } from "./data/draws";
import { emojiQuestions as dataEmojiQuestions } from "./data/emoji-questions";
import { emoji as dataEmoji } from "./data/emoji";
import { folder as dataFolder } from "./data/folder";
import { keptPairs as dataKeptPairs } from "./data/kept-pairs";
import { mnist as dataMnist } from "./data/mnist";
import { noiseInjector as dataNoiseInjector } from "./data/noise-injector";
import { shapeCaps as dataShapeCaps } from "./data/shape-caps";
import { table as dataTable } from "./data/table";
import { tensors as dataTensors } from "./data/tensors";
import { accuracy as evalAccuracy } from "./eval/accuracy";
import { candidates as evalCandidates } from "./eval/candidates";
import { captions as evalCaptions } from "./eval/captions";
import { matched as evalMatched } from "./eval/matched";
import { perplexity as evalPerplexity } from "./eval/perplexity";
import { rerankedRecall as evalRerankedRecall } from "./eval/reranked-recall";
import { retrieval as evalRetrieval } from "./eval/retrieval";
import { searchTexts as evalSearchTexts } from "./eval/search-texts";
import { search as evalSearch } from "./eval/search";
import { sequenceLikelihood as evalSequenceLikelihood } from "./eval/sequence-likelihood";
import { vqaChoice as evalVqaChoice } from "./eval/vqa-choice";
import { vqaOptions as evalVqaOptions } from "./eval/vqa-options";
import { vqa as evalVqa } from "./eval/vqa";
import { zeroShotClassifier as evalZeroShotClassifier } from "./eval/zero-shot-classifier";
import { anyresTiler as imageAnyresTiler } from "./image/anyres-tiler";
import { augment as imageAugment } from "./image/augment";
import { colourWords as imageColourWords } from "./image/colour-words";
import { crop as imageCrop } from "./image/crop";
import { load as imageLoad } from "./image/load";
import { minMaxResize as imageMinMaxResize } from "./image/min-max-resize";
import { normalize as imageNormalize } from "./image/normalize";
import { preprocess as imagePreprocess } from "./image/preprocess";
import { resize as imageResize } from "./image/resize";
import { videoFrames as imageVideoFrames } from "./image/video-frames";
import { causalLm as lossCausalLm } from "./loss/causal-lm";
import { crossEntropy as lossCrossEntropy } from "./loss/cross-entropy";
import { infoNce as lossInfoNce } from "./loss/info-nce";
import { maskedLm as lossMaskedLm } from "./loss/masked-lm";
import { maskedPixels as lossMaskedPixels } from "./loss/masked-pixels";
import { softTarget as lossSoftTarget } from "./loss/soft-target";
import { weightedSum as lossWeightedSum } from "./loss/weighted-sum";
import { wordPatchAlignment as lossWordPatchAlignment } from "./loss/word-patch-alignment";
import { anyresPacker as modelAnyresPacker } from "./model/anyres-packer";
import { batchNorm as modelBatchNorm } from "./model/batch-norm";
import { bert as modelBert } from "./model/bert";
import { choosePatches as modelChoosePatches } from "./model/choose-patches";
import { chooseRows as modelChooseRows } from "./model/choose-rows";
import { clipResnet as modelClipResnet } from "./model/clip-resnet";
import { contrastiveScorer as modelContrastiveScorer } from "./model/contrastive-scorer";
import { convnext as modelConvnext } from "./model/convnext";
import { drawHalves as modelDrawHalves } from "./model/draw-halves";
import { efficientnet as modelEfficientnet } from "./model/efficientnet";
import { fifoQueue as modelFifoQueue } from "./model/fifo-queue";
import { hardNegatives as modelHardNegatives } from "./model/hard-negatives";
import { hidePatches as modelHidePatches } from "./model/hide-patches";
import { huggingFace as modelHuggingFace } from "./model/hugging-face";
import { joinTokens as modelJoinTokens } from "./model/join-tokens";
import { l2Normalize as modelL2Normalize } from "./model/l2-normalize";
import { linear as modelLinear } from "./model/linear";
import { llmDecoder as modelLlmDecoder } from "./model/llm-decoder";
import { maeDecoder as modelMaeDecoder } from "./model/mae-decoder";
import { maeEncoder as modelMaeEncoder } from "./model/mae-encoder";
import { matchingPairs as modelMatchingPairs } from "./model/matching-pairs";
import { matchingScores as modelMatchingScores } from "./model/matching-scores";
import { multiwayTransformer as modelMultiwayTransformer } from "./model/multiway-transformer";
import { onnx as modelOnnx } from "./model/onnx";
import { pairSimilarity as modelPairSimilarity } from "./model/pair-similarity";
import { patchTokens as modelPatchTokens } from "./model/patch-tokens";
import { pickMasked as modelPickMasked } from "./model/pick-masked";
import { pictureTokens as modelPictureTokens } from "./model/picture-tokens";
import { poolGrid as modelPoolGrid } from "./model/pool-grid";
import { poolTokens as modelPoolTokens } from "./model/pool-tokens";
import { pooler as modelPooler } from "./model/pooler";
import { projector as modelProjector } from "./model/projector";
import { relativePositionBias as modelRelativePositionBias } from "./model/relative-position-bias";
import { sameIds as modelSameIds } from "./model/same-ids";
import { scaledSimilarity as modelScaledSimilarity } from "./model/scaled-similarity";
import { shuffleRows as modelShuffleRows } from "./model/shuffle-rows";
import { splice as modelSplice } from "./model/splice";
import { splitTokens as modelSplitTokens } from "./model/split-tokens";
import { temperatureSimilarity as modelTemperatureSimilarity } from "./model/temperature-similarity";
import { textEmbeddings as modelTextEmbeddings } from "./model/text-embeddings";
import { textTransformer as modelTextTransformer } from "./model/text-transformer";
import { timmEncoder as modelTimmEncoder } from "./model/timm-encoder";
import { timmVit as modelTimmVit } from "./model/timm-vit";
import { tokenEmbedding as modelTokenEmbedding } from "./model/token-embedding";
import { typeEmbedding as modelTypeEmbedding } from "./model/type-embedding";
import { visionTransformer as modelVisionTransformer } from "./model/vision-transformer";
import { wordHead as modelWordHead } from "./model/word-head";
import { beforeAfter as outputBeforeAfter } from "./output/before-after";
import { curve as outputCurve } from "./output/curve";
import { embeddingMap as outputEmbeddingMap } from "./output/embedding-map";
import { exportOnnx as outputExportOnnx } from "./output/export-onnx";
import { exportTensor as outputExportTensor } from "./output/export-tensor";
import { imageGrid as outputImageGrid } from "./output/image-grid";
import { patchHeat as outputPatchHeat } from "./output/patch-heat";
import { patchSimilarity as outputPatchSimilarity } from "./output/patch-similarity";
import { rankedLabels as outputRankedLabels } from "./output/ranked-labels";
import { reconstruction as outputReconstruction } from "./output/reconstruction";
import { showTokens as outputShowTokens } from "./output/show-tokens";
import { similarityHeatmap as outputSimilarityHeatmap } from "./output/similarity-heatmap";
import { tilesOverPictures as outputTilesOverPictures } from "./output/tiles-over-pictures";
import { askPictures as textAskPictures } from "./text/ask-pictures";
import { chatTemplate as textChatTemplate } from "./text/chat-template";
import { conversationTemplate as textConversationTemplate } from "./text/conversation-template";
import { describe as textDescribe } from "./text/describe";
import { firstToken as textFirstToken } from "./text/first-token";
import { generate as textGenerate } from "./text/generate";
import { input as textInput } from "./text/input";
import { labelIds as textLabelIds } from "./text/label-ids";
import { lengthBuckets as textLengthBuckets } from "./text/length-buckets";
import { loadTokenizer as textLoadTokenizer } from "./text/load-tokenizer";
import { mlmMask as textMlmMask } from "./text/mlm-mask";
import { packSequences as textPackSequences } from "./text/pack-sequences";
import { placeImages as textPlaceImages } from "./text/place-images";
import { prompts as textPrompts } from "./text/prompts";
import { startTokens as textStartTokens } from "./text/start-tokens";
import { tokenize as textTokenize } from "./text/tokenize";
import { trainTokenizer as textTrainTokenizer } from "./text/train-tokenizer";
import { trim as textTrim } from "./text/trim";
import { wordPieces as textWordPieces } from "./text/word-pieces";
import { ramp as trainRamp } from "./train/ramp";
import { trainer as trainTrainer } from "./train/trainer";
import { average as weightsAverage } from "./weights/average";
import { complete as weightsComplete } from "./weights/complete";
import { freeze as weightsFreeze } from "./weights/freeze";
import { fromBeit as weightsFromBeit } from "./weights/from-beit";
import { fromHuggingFace as weightsFromHuggingFace } from "./weights/from-hugging-face";
import { loadAdapter as weightsLoadAdapter } from "./weights/load-adapter";
import { load as weightsLoad } from "./weights/load";
import { lora as weightsLora } from "./weights/lora";
import { make as weightsMake } from "./weights/make";
import { merge as weightsMerge } from "./weights/merge";
import { quantize as weightsQuantize } from "./weights/quantize";
import { saveHuggingFace as weightsSaveHuggingFace } from "./weights/save-hugging-face";
import { save as weightsSave } from "./weights/save";
import { tie as weightsTie } from "./weights/tie";

export const registry = {
  "data.alt-text-filter": dataAltTextFilter,
  "data.bootstrap": dataBootstrap,
  "data.conversations": dataConversations,
  "data.draws": dataDraws,
  "data.emoji-questions": dataEmojiQuestions,
  "data.emoji": dataEmoji,
  "data.folder": dataFolder,
  "data.kept-pairs": dataKeptPairs,
  "data.mnist": dataMnist,
  "data.noise-injector": dataNoiseInjector,
  "data.shape-caps": dataShapeCaps,
  "data.table": dataTable,
  "data.tensors": dataTensors,
  "eval.accuracy": evalAccuracy,
  "eval.candidates": evalCandidates,
  "eval.captions": evalCaptions,
  "eval.matched": evalMatched,
  "eval.perplexity": evalPerplexity,
  "eval.reranked-recall": evalRerankedRecall,
  "eval.retrieval": evalRetrieval,
  "eval.search-texts": evalSearchTexts,
  "eval.search": evalSearch,
  "eval.sequence-likelihood": evalSequenceLikelihood,
  "eval.vqa-choice": evalVqaChoice,
  "eval.vqa-options": evalVqaOptions,
  "eval.vqa": evalVqa,
  "eval.zero-shot-classifier": evalZeroShotClassifier,
  "image.anyres-tiler": imageAnyresTiler,
  "image.augment": imageAugment,
  "image.colour-words": imageColourWords,
  "image.crop": imageCrop,
  "image.load": imageLoad,
  "image.min-max-resize": imageMinMaxResize,
  "image.normalize": imageNormalize,
  "image.preprocess": imagePreprocess,
  "image.resize": imageResize,
  "image.video-frames": imageVideoFrames,
  "loss.causal-lm": lossCausalLm,
  "loss.cross-entropy": lossCrossEntropy,
  "loss.info-nce": lossInfoNce,
  "loss.masked-lm": lossMaskedLm,
  "loss.masked-pixels": lossMaskedPixels,
  "loss.soft-target": lossSoftTarget,
  "loss.weighted-sum": lossWeightedSum,
  "loss.word-patch-alignment": lossWordPatchAlignment,
  "model.anyres-packer": modelAnyresPacker,
  "model.batch-norm": modelBatchNorm,
  "model.bert": modelBert,
  "model.choose-patches": modelChoosePatches,
  "model.choose-rows": modelChooseRows,
  "model.clip-resnet": modelClipResnet,
  "model.contrastive-scorer": modelContrastiveScorer,
  "model.convnext": modelConvnext,
  "model.draw-halves": modelDrawHalves,
  "model.efficientnet": modelEfficientnet,
  "model.fifo-queue": modelFifoQueue,
  "model.hard-negatives": modelHardNegatives,
  "model.hide-patches": modelHidePatches,
  "model.hugging-face": modelHuggingFace,
  "model.join-tokens": modelJoinTokens,
  "model.l2-normalize": modelL2Normalize,
  "model.linear": modelLinear,
  "model.llm-decoder": modelLlmDecoder,
  "model.mae-decoder": modelMaeDecoder,
  "model.mae-encoder": modelMaeEncoder,
  "model.matching-pairs": modelMatchingPairs,
  "model.matching-scores": modelMatchingScores,
  "model.multiway-transformer": modelMultiwayTransformer,
  "model.onnx": modelOnnx,
  "model.pair-similarity": modelPairSimilarity,
  "model.patch-tokens": modelPatchTokens,
  "model.pick-masked": modelPickMasked,
  "model.picture-tokens": modelPictureTokens,
  "model.pool-grid": modelPoolGrid,
  "model.pool-tokens": modelPoolTokens,
  "model.pooler": modelPooler,
  "model.projector": modelProjector,
  "model.relative-position-bias": modelRelativePositionBias,
  "model.same-ids": modelSameIds,
  "model.scaled-similarity": modelScaledSimilarity,
  "model.shuffle-rows": modelShuffleRows,
  "model.splice": modelSplice,
  "model.split-tokens": modelSplitTokens,
  "model.temperature-similarity": modelTemperatureSimilarity,
  "model.text-embeddings": modelTextEmbeddings,
  "model.text-transformer": modelTextTransformer,
  "model.timm-encoder": modelTimmEncoder,
  "model.timm-vit": modelTimmVit,
  "model.token-embedding": modelTokenEmbedding,
  "model.type-embedding": modelTypeEmbedding,
  "model.vision-transformer": modelVisionTransformer,
  "model.word-head": modelWordHead,
  "output.before-after": outputBeforeAfter,
  "output.curve": outputCurve,
  "output.embedding-map": outputEmbeddingMap,
  "output.export-onnx": outputExportOnnx,
  "output.export-tensor": outputExportTensor,
  "output.image-grid": outputImageGrid,
  "output.patch-heat": outputPatchHeat,
  "output.patch-similarity": outputPatchSimilarity,
  "output.ranked-labels": outputRankedLabels,
  "output.reconstruction": outputReconstruction,
  "output.show-tokens": outputShowTokens,
  "output.similarity-heatmap": outputSimilarityHeatmap,
  "output.tiles-over-pictures": outputTilesOverPictures,
  "text.ask-pictures": textAskPictures,
  "text.chat-template": textChatTemplate,
  "text.conversation-template": textConversationTemplate,
  "text.describe": textDescribe,
  "text.first-token": textFirstToken,
  "text.generate": textGenerate,
  "text.input": textInput,
  "text.label-ids": textLabelIds,
  "text.length-buckets": textLengthBuckets,
  "text.load-tokenizer": textLoadTokenizer,
  "text.mlm-mask": textMlmMask,
  "text.pack-sequences": textPackSequences,
  "text.place-images": textPlaceImages,
  "text.prompts": textPrompts,
  "text.start-tokens": textStartTokens,
  "text.tokenize": textTokenize,
  "text.train-tokenizer": textTrainTokenizer,
  "text.trim": textTrim,
  "text.word-pieces": textWordPieces,
  "train.ramp": trainRamp,
  "train.trainer": trainTrainer,
  "weights.average": weightsAverage,
  "weights.complete": weightsComplete,
  "weights.freeze": weightsFreeze,
  "weights.from-beit": weightsFromBeit,
  "weights.from-hugging-face": weightsFromHuggingFace,
  "weights.load-adapter": weightsLoadAdapter,
  "weights.load": weightsLoad,
  "weights.lora": weightsLora,
  "weights.make": weightsMake,
  "weights.merge": weightsMerge,
  "weights.quantize": weightsQuantize,
  "weights.save-hugging-face": weightsSaveHuggingFace,
  "weights.save": weightsSave,
  "weights.tie": weightsTie,
};
